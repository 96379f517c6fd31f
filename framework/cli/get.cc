#include <algorithm>
#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/commands.h"
#include "framework/cli/format_version.h"
#include "framework/cli/show.h"
#include "framework/cli/text.h"

namespace tenon {
namespace {

std::string_view to_string(Readiness readiness) {
  return readiness == Readiness::yes ? "True" : readiness == Readiness::no ? "False" : "Unknown";
}

std::string progress_of(const Item& item) {
  return item.observation.progress ? percent(*item.observation.progress) : "";
}

Json to_json(const Item& item) {
  Json json = {{"address", to_string(item.address)},
               {"kind", item.address.kind},
               {"namespace", item.address.name_space},
               {"name", item.address.name},
               {"instance", item.instance},
               {"existence", to_string(item.observation.existence)},
               {"owned", item.owned.has_value()},
               {"phase", item.phase},
               {"ready", to_string(item.ready)},
               {"reason", item.reason}};
  if (item.observation.progress) json["progress"] = *item.observation.progress;
  if (item.parent) json["parent"] = to_string(*item.parent);
  if (!item.set.empty()) json["set"] = item.set;
  if (!item.labels.empty()) json["labels"] = item.labels;
  return json;
}

std::string as_table(const std::vector<const Item*>& items, bool namespaces, bool wide) {
  std::vector<std::string> header = {"NAME", "PHASE", "PROGRESS", "READY", "REASON"};
  if (namespaces) header.insert(header.begin(), "NAMESPACE");
  if (wide) header.insert(header.end() - 1, {"INSTANCE", "IDENTITY"});
  std::vector<std::vector<std::string>> rows = {header};
  for (const Item* item : items) {
    std::vector<std::string> row = {item->address.kind + "/" + item->address.name, item->phase,
                                    progress_of(*item), std::string(to_string(item->ready)), item->reason};
    if (namespaces) row.insert(row.begin(), item->address.name_space);
    if (wide) row.insert(row.end() - 1, {item->instance, item->observation.identity});
    rows.push_back(std::move(row));
  }
  return table(rows);
}

void print(const std::vector<const Item*>& items, const Arguments& arguments, Environment& env) {
  if (arguments.format == Format::json || arguments.format == Format::yaml) {
    Json document = {{"formatVersion", kOutputFormatVersion}, {"items", Json::array()}};
    for (const Item* item : items) document["items"].push_back(to_json(*item));
    env.out << dump(document, arguments.format == Format::yaml);
  } else if (arguments.format == Format::name) {
    for (const Item* item : items) env.out << printable(to_string(item->address)) << "\n";
  } else if (items.empty()) {
    env.err << "Nothing found"
            << (arguments.all_namespaces ? "" : " in namespace " + printable(arguments.name_space)) << ".\n";
  } else {
    env.out << as_table(items, arguments.all_namespaces, arguments.format == Format::wide);
  }
}

}  // namespace

int run_get(const Arguments& arguments, Environment& env) {
  return show_selected(arguments, env,
                       [&](const std::vector<const Item*>& items, const View&, const Catalog&) {
                         print(items, arguments, env);
                       });
}

}  // namespace tenon
