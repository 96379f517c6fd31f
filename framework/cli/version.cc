#include <cstdlib>
#include <iomanip>
#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/format_version.h"
#include "framework/cli/text.h"
#include "framework/inventory/sqlite.h"
#include "framework/model/formats.h"
#include "framework/plan/plan_file.h"
#include "framework/plugin/formats.h"
#include "framework/plugin/plugin_abi.h"

namespace tenon {
namespace {

constexpr const char* kVersion = "0.1.0";
constexpr int kNameWidth = 18;

// The number at the end of the symbol that plugins export.
int plugin_interface() {
  constexpr std::string_view kEntry = TENON_PLUGIN_ENTRY_NAME;
  return std::atoi(kEntry.substr(kEntry.find_last_not_of("0123456789") + 1).data());
}

struct FormatVersion {
  const char *name, *member;
  int version;
};

// In the order of docs/upgrade.md.
std::vector<FormatVersion> format_versions() {
  return {{"inventory", "inventory", kInventoryFormatVersion},
          {"plan", "planFile", kPlanFormatVersion},
          {"plugin interface", "pluginInterface", plugin_interface()},
          {"plugin manifest", "manifest", kManifestVersion},
          {"JSON output", "output", kOutputFormatVersion},
          {"claim mark", "claimMark", kClaimMarkVersion},
          {"contents mark", "contentsMark", kContentsMarkVersion},
          {"import state", "importState", kImportStateVersion}};
}

}  // namespace

int run_version(const Arguments& arguments, Environment& env) {
  if (arguments.format != Format::text) {
    Json versions = {{"formatVersion", kOutputFormatVersion}, {"version", kVersion}};
    for (const FormatVersion& format : format_versions()) versions[format.member] = format.version;
    env.out << dump(versions, arguments.format == Format::yaml);
    return kSuccess;
  }
  env.out << "tenon " << kVersion << "\n";
  for (const FormatVersion& format : format_versions())
    env.out << "  " << std::left << std::setw(kNameWidth) << format.name << format.version << "\n";
  return kSuccess;
}

}  // namespace tenon
