#include "cli/option_table.hpp"

namespace lineament::cli {

std::vector<OptionRow> option_rows(const CLI::App& command) {
  std::vector<OptionRow> rows;
  for (const CLI::Option* o : command.get_options()) {
    OptionRow row{.names = {}, .help = o->get_description()};
    row.positional = !o->nonpositional();
    if (row.positional) row.names.push_back(o->get_name(true));
    for (const std::string& name : o->get_snames()) row.names.push_back("-" + name);
    for (const std::string& name : o->get_lnames()) row.names.push_back("--" + name);
    if (o->get_type_size() != 0) row.value = o->get_type_name();
    row.preset = o->get_default_str();
    row.several = o->get_expected_max() == CLI::detail::expected_max_vector_size;
    row.required = o->get_required();
    rows.push_back(row);
  }
  return rows;
}

std::vector<const CLI::App*> listed_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

}  // namespace lineament::cli
