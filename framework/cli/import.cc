#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/selection.h"

namespace tenon {

int run_import(const Arguments& arguments, Environment& env) {
  return with_session(arguments, env, [&](Session& session) {
    const auto address = parse_address_or_name(arguments.targets[0], arguments, session.catalog());
    if (!address) {
      print_error(address.error(), env);
      return static_cast<int>(kFailure);
    }
    PlanOptions options{.set = arguments.set};
    options.import[*address] = arguments.targets.size() > 1 ? arguments.targets[1] : "";
    return plan_and_run(arguments, env, session, options);
  });
}

}  // namespace tenon
