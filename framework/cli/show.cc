#include "framework/cli/show.h"

#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/labels.h"
#include "framework/cli/selection.h"
#include "framework/cli/session.h"

namespace tenon {

int show_selected(const Arguments& arguments, Environment& env, const Show& show) {
  const auto session = Session::open(arguments, env);
  if (!session) return kFailure;
  const Result<Selection> selection = Selection::parse(arguments, session->catalog());
  const auto labels = LabelSelector::parse(arguments.selector);
  const Result<View> view = !selection ? Result<View>(selection.error())
                            : !labels  ? Result<View>(labels.error())
                                       : session->patiently([&] { return look(session->world()); });
  if (!view) {
    print_error(view.error(), env);
    return kFailure;
  }
  if (view->unread)
    env.err << "warning: the record of the last run cannot be read, so that only what is owned is shown; "
               "the next run begins another: "
            << printable_lines(view->unread->message) << "\n";
  std::vector<const Item*> items;
  std::vector<Address> found;
  for (const Item& item : view->items) {
    if (!selection->matches(item.address)) continue;
    found.push_back(item.address);
    const bool of_set = arguments.set.empty() || item.set == arguments.set;
    if (of_set && labels->matches(item.labels)) items.push_back(&item);
  }
  show(items, *view, session->catalog());
  const auto missing = selection->missing(found);
  if (missing)
    print_error({Code::not_found, "'" + *missing + "' is neither owned nor about to be made"}, env);
  return missing ? kFailure : kSuccess;
}

}  // namespace tenon
