#include "framework/cli/show.h"

#include "framework/cli/exit_code.h"
#include "framework/cli/selection.h"
#include "framework/cli/session.h"

namespace tenon {

int show_selected(const Arguments& arguments, Environment& env, const Show& show) {
  const auto session = Session::open(arguments, env);
  if (!session) return kFailure;
  const Result<Selection> selection = Selection::parse(arguments, session->catalog());
  const Result<View> view = selection ? look(session->world()) : Result<View>(selection.error());
  if (!view) {
    print_error(view.error(), env);
    return kFailure;
  }
  std::vector<const Item*> items;
  std::vector<Address> found;
  for (const Item& item : view->items) {
    if (!selection->matches(item.address)) continue;
    items.push_back(&item);
    found.push_back(item.address);
  }
  show(items, *view, session->catalog());
  const auto missing = selection->missing(found);
  if (missing)
    print_error({Code::not_found, "'" + *missing + "' is neither owned nor about to be made"}, env);
  return missing ? kFailure : kSuccess;
}

}  // namespace tenon
