#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/text.h"
#include "framework/inventory/sqlite.h"
#include "framework/plan/plan_file.h"

namespace tenon {
namespace {

constexpr const char* kVersion = "0.1.0";

}  // namespace

int run_version(const Arguments& arguments, Environment& env) {
  const Json versions = {{"formatVersion", 1},
                         {"version", kVersion},
                         {"pluginInterface", 1},
                         {"manifest", 1},
                         {"planFile", kPlanFormatVersion},
                         {"inventory", kInventoryFormatVersion}};
  if (arguments.format != Format::text) {
    env.out << dump(versions, arguments.format == Format::yaml);
    return kSuccess;
  }
  env.out << "tenon " << kVersion << "\nplugin interface 1, manifest 1, plan file " << kPlanFormatVersion
          << ", inventory " << kInventoryFormatVersion << "\n";
  return kSuccess;
}

}  // namespace tenon
