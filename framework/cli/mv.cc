#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/selection.h"

namespace tenon {
namespace {

Result<PlanOptions> options_of(const Arguments& arguments, Session& session) {
  const auto from = parse_address_or_name(arguments.targets[0], arguments, session.catalog());
  if (!from) return from.error();
  const auto to = parse_address_or_name(arguments.targets[1], arguments, session.catalog());
  if (!to) return to.error();
  if (*from == *to)
    return Error{Code::invalid_argument,
                 to_string(*from) + " is to move to where it is: name another address"};
  if (from->kind_name() != to->kind_name())
    return Error{Code::invalid_argument, to_string(*from) + " cannot become " + to_string(*to) +
                                             ": only the name and the namespace of something can change"};
  const auto owned = session.inventory().owned();
  if (!owned) return owned.error();
  for (const Owned& row : *owned)
    if (row.address == *from) {
      PlanOptions options;
      options.move[*to] = *from;
      return options;
    }
  return Error{Code::not_found, to_string(*from) + " is not owned: there is nothing to move"};
}

}  // namespace

int run_mv(const Arguments& arguments, Environment& env) {
  return with_session(arguments, env, [&](Session& session) {
    const auto options = options_of(arguments, session);
    if (options) return plan_and_run(arguments, env, session, *options);
    print_error(options.error(), env);
    return static_cast<int>(kFailure);
  });
}

}  // namespace tenon
