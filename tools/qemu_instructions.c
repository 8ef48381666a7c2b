// A plugin of qemu-user that counts, for each function, the instructions that ran and how many were multiply-adds of
// vectors: what can be measured of another processor without one. With the preset "aarch64" built:
//   gcc -shared -fPIC -O2 -o build/counts.so tools/qemu_instructions.c
//   PLUGIN="-plugin build/counts.so -d plugin -D build/counts.txt"
//   qemu-aarch64 -L /usr/aarch64-linux-gnu $PLUGIN build/aarch64/lineament predict compact face.png --whole
//   c++filt < build/counts.txt | sort -rn | head       instructions, multiply-adds, function
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// From qemu-plugin.h, which Debian does not package.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
const char* qemu_plugin_insn_symbol(const struct qemu_plugin_insn*);
char* qemu_plugin_insn_disas(const struct qemu_plugin_insn*);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, int op, void*, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void*);
void qemu_plugin_outs(const char*);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { kMost = 1 << 15 };
static struct Function {
  const char* name;
  uint64_t all, adds;
} functions[kMost];

static struct Function* find(const char* name) {
  if (!name) name = "?";
  uint32_t h = 2166136261u;
  for (const char* c = name; *c; ++c) h = (h ^ (uint8_t)*c) * 16777619u;
  for (uint32_t i = h % kMost;; i = (i + 1) % kMost) {
    if (!functions[i].name) functions[i].name = strdup(name);
    if (!strcmp(functions[i].name, name)) return &functions[i];
  }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  const size_t n = qemu_plugin_tb_n_insns(tb);
  uint64_t adds = 0;
  for (size_t i = 0; i < n; ++i) {
    char* text = qemu_plugin_insn_disas(qemu_plugin_tb_get_insn(tb, i));
    if (text && !strncmp(text, "fmla", 4)) ++adds;
    free(text);
  }
  struct Function* f = find(qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0)));
  qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &f->all, n);
  if (adds) qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &f->adds, adds);
}

static void done(qemu_plugin_id_t id, void* unused) {
  (void)id, (void)unused;
  char line[4096];
  for (int i = 0; i < kMost; ++i)
    if (functions[i].name && functions[i].all) {
      snprintf(line, sizeof line, "%llu\t%llu\t%.3900s\n", (unsigned long long)functions[i].all,
               (unsigned long long)functions[i].adds, functions[i].name);
      qemu_plugin_outs(line);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc,
                                                               char** argv) {
  (void)info, (void)argc, (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, done, NULL);
  return 0;
}
