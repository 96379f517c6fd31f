#include <map>
#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/format_version.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"

namespace tenon {
namespace {

std::string label_of(const Edge& edge) {
  const std::string await = to_string(edge.await);
  const size_t until = await.find("until ");
  return until == std::string::npos ? "" : await.substr(until);
}

std::string quoted(const std::string& text) { return Json(text).dump(); }

template <typename Visit>
void for_each_edge(const Graph& graph, const Visit& visit) {
  for (const auto& [address, edges] : graph.requires_)
    for (const Edge& edge : edges) visit(edge);
}

std::string as_text(const Graph& graph) {
  std::string text;
  for (const Address& address : graph.order) {
    text += to_string(address) + "\n";
    const auto edges = graph.requires_.find(address);
    if (edges == graph.requires_.end()) continue;
    for (const Edge& edge : edges->second) {
      std::string guards;
      for (const std::string& guard : edge.guards) guards += (guards.empty() ? "" : ", ") + guard;
      text += "  requires " + to_string(edge.await) + (guards.empty() ? "" : " (for " + guards + ")") + "\n";
    }
  }
  return text;
}

std::string as_dot(const Graph& graph) {
  std::string text = "digraph tenon {\n  rankdir = RL\n  node [shape = box]\n";
  for (const Address& address : graph.order)
    text += "  " + quoted(to_string(address)) + " [label = " + quoted(short_name(address)) + "]\n";
  for_each_edge(graph, [&](const Edge& edge) {
    text += "  " + quoted(to_string(edge.from)) + " -> " + quoted(to_string(edge.await.target)) +
            " [label = " + quoted(label_of(edge)) + "]\n";
  });
  return text + "}\n";
}

std::string as_mermaid(const Graph& graph) {
  std::map<Address, std::string> ids;
  std::string text = "graph RL\n";
  for (const Address& address : graph.order) {
    const std::string& id = ids.emplace(address, "n" + std::to_string(ids.size())).first->second;
    text += "  " + id + "[\"" + short_name(address) + "\"]\n";
  }
  for_each_edge(graph, [&](const Edge& edge) {
    const std::string label = label_of(edge);
    text += "  " + ids[edge.from] + " -->" + (label.empty() ? "" : "|\"" + label + "\"|") + " " +
            ids[edge.await.target] + "\n";
  });
  return text;
}

Json as_json(const Graph& graph) {
  Json document = {
      {"formatVersion", kOutputFormatVersion}, {"nodes", Json::array()}, {"edges", Json::array()}};
  for (const Address& address : graph.order) document["nodes"].push_back(to_string(address));
  for_each_edge(graph, [&](const Edge& edge) {
    document["edges"].push_back({{"from", to_string(edge.from)},
                                 {"to", to_string(edge.await.target)},
                                 {"until", label_of(edge)},
                                 {"guards", edge.guards}});
  });
  return document;
}

std::string render(const Graph& graph, Format format) {
  switch (format) {
    case Format::dot: return printable_lines(as_dot(graph));
    case Format::mermaid: return printable_lines(as_mermaid(graph));
    case Format::json: return dump(as_json(graph), false);
    case Format::yaml: return dump(as_json(graph), true);
    default: return printable_lines(as_text(graph));
  }
}

}  // namespace

int run_graph(const Arguments& arguments, Environment& env) {
  const auto session = Session::open(arguments, env);
  if (!session) return kFailure;
  Diagnostics diagnostics;
  std::vector<Resource> declared = load_resources(arguments, session->vault(), diagnostics);
  const Graph graph =
      session->patiently([&] { return resolve(session->world(), std::move(declared), diagnostics); });
  if (!print_diagnostics(diagnostics, env)) return kFailure;
  env.out << render(graph, arguments.format);
  return kSuccess;
}

}  // namespace tenon
