#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/options.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/landmarker/pack_faces.hpp"

namespace lineament::cli {
namespace {

struct PackCommandOptions {
  std::vector<Path> data;
  int synthetic = 0;
  Path backgrounds;
  Path out;
  bool raw = false;
  int quality = PackOptions{}.quality;
  std::string shard_size = "64M";
  Preprocessing crop{};
  std::string box = "points";
  std::string scheme = "ibug-68";
  ReadingOptions reading;
  std::uint64_t seed = 1;
  int threads = 0;
};

void add_options(CLI::App& c, PackCommandOptions& o) {
  c.add_option("DATA", o.data, "As --data of training; several are packed as one data set");
  c.add_option("--synthetic", o.synthetic, "Pack this many drawn faces instead: those that training draws")
      ->check(at_least(1));
  c.add_option("--backgrounds", o.backgrounds, "Photos without people to put behind drawn faces")->type_name("FOLDER");
  c.add_option("--out", o.out, "Folder for the shards")->type_name("FOLDER")->required();
  CLI::Option* const raw = c.add_flag("--raw", o.raw, "Pixels as they are: seven times as large");
  c.add_option("--quality", o.quality, "Of the crops as JPEG, with colours at full resolution")
      ->capture_default_str()
      ->check(whole(91, 100))
      ->excludes(raw);
  c.add_option("--shard-size", o.shard_size, "Of a file, at most; so much is held in memory while packing")
      ->type_name("SIZE")
      ->capture_default_str()
      ->check(bytes_between("64K", "1G"));
  c.add_option("--size", o.crop.size, "Side of the crop, pixels: the largest network's that is to be trained")
      ->capture_default_str()
      ->check(whole(8, 4096));
  c.add_option("--margin", o.crop.margin, "Free border around the box, in box sides")
      ->capture_default_str()
      ->check(number(-0.4, 4));
  add_box_source(c, o.box);
  c.add_option("--scheme", o.scheme, "What the points are: ibug-68, or a JSON file that describes another scheme")
      ->capture_default_str();
  add_reading(c, o.reading);
  for (const char* option : {"--box", "--missing", "--group"}) c.get_option(option)->excludes("--synthetic");
  add_seed(c, o.seed, "Of drawn faces, and of the order of photos in the shards");
  add_threads(c, o.threads);
}

void check_options(const PackCommandOptions& o) {
  if (o.data.empty() == (o.synthetic == 0))
    throw ArgumentError({"pack", "it needs something to pack", "DATA or --synthetic N",
                         o.data.empty() ? "neither" : "both",
                         o.data.empty() ? "add a folder of photos with points" : "pack them into two folders"});
  if (!o.backgrounds.empty() && o.synthetic == 0)
    throw ArgumentError({"--backgrounds", "they are put behind drawn faces", "--synthetic N", "DATA", ""});
}

PackOptions pack_options(const PackCommandOptions& o) {
  PackOptions options;
  options.store.preprocessing = o.crop;
  options.store.box = box_source(o.box);
  options.store.threads = o.threads;
  options.store.scheme = scheme_by_name(o.scheme);
  options.store.limits = decode_limits(o.reading.max_megapixels);
  options.quality = o.raw ? 0 : o.quality;
  options.shard_bytes = *byte_count(o.shard_size);
  options.seed = o.seed;
  return options;
}

PackResult pack_data(const PackCommandOptions& o, const PackOptions& options) {
  const Dataset data = read_data(o.data, {.part = Part::train,
                                          .missing = missing_by_name(o.reading.missing),
                                          .group = o.reading.group,
                                          .scheme = options.store.scheme,
                                          .limits = options.store.limits});
  require_boxes(data, options.store.box);
  return pack_faces(o.out, data.faces, options);
}

PackResult pack_synthetic(const PackCommandOptions& o, const PackOptions& options) {
  DrawOptions drawing;
  if (!o.backgrounds.empty())
    drawing.backgrounds = load_backgrounds(o.backgrounds, options.store.limits, "--backgrounds");
  return pack_drawn(o.out, stream_of(o.seed, DrawnFor::training), static_cast<std::size_t>(o.synthetic), options,
                    drawing);
}

/// A folder of photos that is a pack, too, would mean one thing to train and another to evaluate.
void require_no_photos(const Path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error) && !images_in(folder).empty())
    throw ArgumentError({"--out", "there are photos in this folder", "a folder for the pack alone", folder.string(),
                         "take another name"});
}

int pack(const PackCommandOptions& o) {
  check_options(o);
  require_no_photos(o.out);
  PackOptions options = pack_options(o);
  Progress progress("packing");
  options.store.progress = [&](std::size_t done, std::size_t total) {
    progress.update(done, total, text("%zu of %zu", done, total));
  };
  say_when_interrupted("stopped; the same command goes on after the last whole shard");
  const PackResult result = o.synthetic > 0 ? pack_synthetic(o, options) : pack_data(o, options);
  progress.clear();
  report_rejected(result.rejected);
  if (result.found == result.shards)
    say("all of it was packed before");
  else if (result.found > 0)
    say("gone on with after " + counted(result.found, "shard"));
  say(counted(result.samples, "face") + " in " + counted(result.shards, "shard") +
      text(", %.1f MB: ", static_cast<double>(result.bytes) / 1e6) + o.out.string());
  return 0;
}

}  // namespace

Command pack_command() {
  const auto o = std::make_shared<PackCommandOptions>();
  return {
      .name = "pack",
      .about = "Write faces into files to train from, where they are more than memory holds",
      .footer =
          "Each face is cut out of its photo once, wide enough for every augmentation. A pack that was stopped goes\n"
          "on where it was when the same command is started again.\n"
          "Examples:\n"
          "  lineament pack 300w more.xml --out shards\n"
          "  lineament pack --synthetic 200000 --seed 3 --out drawn\n"
          "  lineament inspect shards\n"
          "  lineament train --data shards --memory 512M --out run",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return pack(*o); }};
}

}  // namespace lineament::cli
