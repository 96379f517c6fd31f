#include "framework/plugin/plugin_backend.h"

#include <algorithm>
#include <functional>

namespace tenon {
namespace {

// The error that a plugin gave instead of one item.
std::optional<Error> error_in(const Json& json) {
  if (!json.is_object()) return {};
  const auto error = json.find("error");
  if (error == json.end()) return {};
  const auto text = [&error](const char* key) {
    return error->is_object() && error->contains(key) && (*error)[key].is_string()
               ? (*error)[key].get<std::string>()
               : std::string();
  };
  return Error{parse_code(text("code")), text("message")};
}

// Reads each item that is no error.
template <typename T, typename Read>
std::vector<Result<T>> each(const std::vector<Result<Json>>& items, const Read& read) {
  std::vector<Result<T>> results;
  for (const Result<Json>& item : items) {
    const auto error = item ? error_in(*item) : std::optional<Error>(item.error());
    results.push_back(error ? Result<T>(*error) : read(*item));
  }
  return results;
}

Result<Json> spec_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("spec"))
    return Error{Code::internal, "the plugin's conversion has not the documented shape: it has no spec"};
  return json.at("spec");
}

// Read as an observation; of its existence a summary says nothing.
Result<Observation> summary_from_json(const Json& json) {
  Json whole = json;
  if (whole.is_object()) whole["existence"] = "present";
  return observation_from_json(whole);
}

Result<ActionResult> action_result_from_json(const Json& json) {
  try {
    return ActionResult{json.value("message", ""), json.value("data", Json::object())};
  } catch (const Json::exception& e) {
    return Error{Code::internal,
                 std::string("the plugin's result of an action has not the documented shape: ") + e.what()};
  }
}

bool has_list(const Json& answer, const char* key, size_t count) {
  return answer.is_object() && answer.contains(key) && answer[key].is_array() && answer[key].size() == count;
}

// Every item failed in the same way: nobody answered at all.
const Error* common_failure(const std::vector<Result<Json>>& items) {
  for (const Result<Json>& item : items)
    if (item || item.error() != items.front().error()) return nullptr;
  return items.empty() ? nullptr : &items.front().error();
}

Json to_json(const Conversion& conversion) {
  return {{"address", to_string(conversion.address)},
          {"from", conversion.from},
          {"to", conversion.to},
          {"spec", conversion.spec}};
}

// Starts of hosts for one batch of suspects.
constexpr int kStarts = 64;
constexpr std::string_view kDelete = "delete";

bool is_over(const CallContext& context) {
  return context.stop.stop_requested() || std::chrono::steady_clock::now() >= context.deadline;
}

}  // namespace

bool Slots::take(const CallContext& context, Use use) {
  // Made before the lock: it may be called here, and its end waits for its call.
  const std::stop_callback held(context.hold, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const bool alone = use == Use::alone;
  if (alone) ++alone_;
  const auto available = [&] {
    return context.hold.stop_requested() || (alone ? free_ == count_ : free_ > 0 && alone_ == 0);
  };
  const bool over = context.deadline == std::chrono::steady_clock::time_point::max()
                        ? changed_.wait(lock, context.stop, available)
                        : changed_.wait_until(lock, context.stop, context.deadline, available);
  const bool taken = over && !context.hold.stop_requested();
  if (taken) free_ -= alone ? count_ : 1;
  if (alone) --alone_;
  // Who leaves without one may be the only one who was told of it.
  if (alone || !taken) changed_.notify_all();
  return taken;
}

void Slots::give(Use use) {
  const std::lock_guard lock(mutex_);
  free_ += use == Use::alone ? count_ : 1;
  // A slot that nobody wants alone is for one.
  if (use == Use::alone || alone_ > 0)
    changed_.notify_all();
  else
    changed_.notify_one();
}

PluginBackend::PluginBackend(std::unique_ptr<Channel> channel, std::shared_ptr<const Manifest> manifest,
                             int parallel)
    : manifest_(std::move(manifest)),
      parallel_(parallel > 0 ? std::min(parallel, manifest_->parallel) : manifest_->parallel),
      slots_(parallel_),
      channel_(std::move(channel)) {}

Result<Json> PluginBackend::call(const std::string& method, const Json& request, const CallContext& context,
                                 Slots::Use use) {
  const auto asked = std::chrono::steady_clock::now();
  if (!slots_.take(context, use))
    return Error{Code::unavailable, describe_call(method, request) + ": all " + std::to_string(parallel_) +
                                        " threads of plugin " + manifest_->name +
                                        " were busy; the call was not made"};
  Result<Json> answer = channel_->call(method, request, from_now(context, asked));
  slots_.give(use);
  if (!answer) return named(method, request, answer.error());
  return answer;
}

// What a plugin says about a resource names it; a bug or a silence does not.
Error PluginBackend::named(const std::string& method, const Json& request, const Error& error) const {
  if (error.code != Code::internal && error.code != Code::deadline_exceeded) return error;
  return with_context("plugin " + manifest_->name + ": " + describe_call(method, request), error);
}

struct PluginBackend::Question {
  const char* method;
  const char* key;  // of the answers
  size_t count;
  std::function<Json(size_t)> item;
  std::function<std::string(size_t)> address;  // of an item
  const CallContext& context;
  size_t limit;                    // of items in one call
  const char* list = "resources";  // where the request has the items
  Json rest;                       // what it has besides; null: nothing
  Pools* pools = nullptr;          // where an answer has some, they are put there
};

template <typename Item>
PluginBackend::Question PluginBackend::about(const char* method, const char* key,
                                             const std::vector<Item>& items, const CallContext& context,
                                             size_t limit) {
  return {.method = method,
          .key = key,
          .count = items.size(),
          .item = [&items](size_t i) { return to_json(items[i]); },
          .address = [&items](size_t i) { return to_string(items[i].address); },
          .context = context,
          .limit = limit};
}

// Some of its items, and where their answers go.
struct PluginBackend::Part {
  const Question& question;
  std::vector<size_t> indices;
  std::vector<Result<Json>>& items;

  std::string address(size_t i) const { return question.address(indices[i]); }
};

Result<Json> PluginBackend::ask(const Part& part, Range range, Channel* apart) {
  const Question& question = part.question;
  Json request = question.rest;
  Json& list = request[question.list] = Json::array();
  for (size_t i = range.begin; i < range.end; ++i) list.push_back(question.item(part.indices[i]));
  Result<Json> answer = apart ? apart->call(question.method, request, question.context)
                              : call(question.method, request, question.context);
  if (!answer) return answer;
  if (!has_list(*answer, question.key, range.size()))
    return Error{Code::internal, "plugin " + manifest_->name + ": " + question.method + " of " +
                                     std::to_string(range.size()) + " resources did not answer '" +
                                     question.key + "', one for each"};
  if (question.pools && answer->contains("pools")) {
    Result<Pools> pools = pools_from_json((*answer)["pools"]);
    if (!pools) return with_context("plugin " + manifest_->name, pools.error());
    *question.pools = std::move(*pools);
  }
  for (size_t i = range.begin; i < range.end; ++i)
    part.items[part.indices[i]] = std::move((*answer)[question.key][i - range.begin]);
  return answer;
}

// Which of them crashed the host: tried in hosts of their own, while other calls go on.
void PluginBackend::find_suspects(const Part& part, const Error& crash) {
  for (size_t index : part.indices) part.items[index] = crash;
  const std::lock_guard lock(apart_);
  const std::unique_ptr<Channel> apart = channel_->apart();
  if (!apart) return;
  const CallContext& context = part.question.context;
  const auto findings = bisect(part.indices.size(), kStarts, [&](Range range) {
    if (is_over(context)) return Trial::impossible;
    const Result<Json> answer = ask(part, range, apart.get());
    if (answer) return Trial::answered;
    if (is_over(context)) return Trial::impossible;
    for (size_t i = range.begin; i < range.end; ++i) part.items[part.indices[i]] = answer.error();
    return answer.error().code == Code::crashed ? Trial::crashed : Trial::answered;
  });
  for (size_t i = 0; i < findings.size(); ++i) {
    Result<Json>& item = part.items[part.indices[i]];
    if (findings[i] == Finding::crashes)
      item = suspects_.crashed_asking(part.address(i), part.question.method, item.error());
    else if (findings[i] == Finding::unknown)
      item = with_context(
          std::string(part.question.method) + " of " + part.address(i) + " could not be tried by itself",
          crash);
  }
}

std::vector<Result<Json>> PluginBackend::put(const Question& question) {
  std::vector<Result<Json>> items(question.count, Error{});
  const bool unsuspected = suspects_.empty();
  std::vector<size_t> asked;
  for (size_t i = 0; i < question.count; ++i) {
    auto refused = unsuspected ? std::optional<Error>()
                               : suspects_.refuses_question(question.address(i), question.method);
    if (refused)
      items[i] = *std::move(refused);
    else
      asked.push_back(i);
  }
  for (size_t begin = 0; begin < asked.size(); begin += question.limit) {
    const auto first = asked.begin() + static_cast<std::ptrdiff_t>(begin);
    const size_t count = std::min(question.limit, asked.size() - begin);
    const Part part{question, {first, first + static_cast<std::ptrdiff_t>(count)}, items};
    const Result<Json> answer = ask(part, {0, count}, nullptr);
    if (!answer && answer.error().code == Code::crashed)
      find_suspects(part, answer.error());
    else if (!answer)
      for (size_t index : part.indices) items[index] = answer.error();
  }
  return items;
}

// Of nothing: has the instance opened. Whether it can be is said to who asks for something.
Result<Observed> PluginBackend::observe(const std::vector<Request>& requests, const CallContext& context) {
  if (requests.empty()) {
    [[maybe_unused]] const Status opened = channel_->open(context);
    return Observed();
  }
  Observed observed;
  Question question = about("observe", "observations", requests, context, batch_limit());
  question.pools = &observed.pools;
  const std::vector<Result<Json>> items = put(question);
  if (const Error* error = common_failure(items)) return *error;
  for (const Result<Json>& item : items) {
    Result<Observation> observation = item ? observation_from_json(*item) : item.error();
    observed.observations.push_back(observation ? *std::move(observation)
                                                : unknown_observation(observation.error()));
  }
  return observed;
}

Result<std::vector<Result<Check>>> PluginBackend::check(const std::vector<PlannedChange>& changes,
                                                        const Pools& pools, const CallContext& context) {
  Question question = about("check", "checks", changes, context, std::max<size_t>(changes.size(), 1));
  question.list = "changes";
  question.rest = {{"pools", to_json(pools)}};
  const std::vector<Result<Json>> items = put(question);
  if (const Error* error = common_failure(items)) return *error;
  return each<Check>(items, check_from_json);
}

Result<std::vector<Result<Json>>> PluginBackend::convert(const std::vector<Conversion>& conversions,
                                                         const CallContext& context) {
  const std::vector<Result<Json>> items = put(about("convert", "specs", conversions, context, batch_limit()));
  if (const Error* error = common_failure(items)) return *error;
  return each<Json>(items, spec_from_json);
}

Result<std::vector<Result<Observation>>> PluginBackend::status(const std::vector<Family>& families,
                                                               const CallContext& context) {
  const std::vector<Result<Json>> items = put(about("status", "statuses", families, context, batch_limit()));
  if (const Error* error = common_failure(items)) return *error;
  return each<Observation>(items, summary_from_json);
}

Result<ActionResult> PluginBackend::act(const Request& request, const std::string& action,
                                        const Json& arguments, const CallContext& context) {
  if (!manifest_->capabilities.contains("act"))
    return Error{Code::unimplemented, "plugin " + manifest_->name + " has no actions"};
  if (const auto refused = suspects_.refuses_change(to_string(request.address), false)) return *refused;
  Json json = to_json(request);
  json["action"] = action;
  json["arguments"] = arguments;
  const Result<Json> answer = call("act", json, context);
  return answer ? action_result_from_json(*answer) : answer.error();
}

Status PluginBackend::watch(const std::vector<Address>& addresses, Listener listener,
                            const CallContext& context) {
  if (!manifest_->capabilities.contains("watch"))
    return Error{Code::unimplemented, "plugin " + manifest_->name + " cannot watch"};
  channel_->listen([listener = std::move(listener)](const Json& event) {
    const auto address = event.find("address");
    if (address == event.end() || !address->is_string()) return;
    if (const auto known = parse_address(address->get_ref<const std::string&>())) listener(*known);
  });
  Json request = {{"addresses", Json::array()}};
  for (const Address& address : addresses) request["addresses"].push_back(to_string(address));
  const Result<Json> answer = call("watch", request, context);
  return answer ? Status() : Status(answer.error());
}

Result<std::vector<Result<std::vector<ChildSpec>>>> PluginBackend::expand(
    const std::vector<Request>& requests, const CallContext& context) {
  if (!manifest_->capabilities.contains("expand"))
    return Error{Code::unimplemented, "plugin " + manifest_->name + " has no composites"};
  const std::vector<Result<Json>> items =
      put(about("expand", "expansions", requests, context, batch_limit()));
  if (const Error* error = common_failure(items)) return *error;
  return each<std::vector<ChildSpec>>(items, children_from_json);
}

Result<ListPage> PluginBackend::list(const std::string& inventory, const std::string& after,
                                     const CallContext& context) {
  if (!manifest_->capabilities.contains("list"))
    return Error{Code::unimplemented, "plugin " + manifest_->name + " cannot list its objects"};
  Json request = Json::object();
  if (!inventory.empty()) request["inventory"] = inventory;
  if (!after.empty()) request["after"] = after;
  const Result<Json> answer = call("list", request, context);
  return answer ? list_page_from_json(*answer) : answer.error();
}

Result<Outcome> PluginBackend::mutate(const char* method, const Request& request,
                                      const CallContext& context) {
  const std::string address = to_string(request.address);
  if (const auto refused = suspects_.refuses_change(address, method == kDelete)) return *refused;
  const Json json = to_json(request);
  const Result<Json> answer =
      call(method, json, context, suspects_.must_be_alone(address) ? Slots::Use::alone : Slots::Use::shared);
  if (!answer && answer.error().code == Code::crashed)
    return suspects_.crashed_changing(address, answer.error());
  // Unavailable may mean that the call was not made, which clears nobody.
  if (answer || !(is_outcome_unknown(answer.error().code) || answer.error().code == Code::unavailable))
    suspects_.answered(address);
  if (!answer) return answer.error();
  Result<Outcome> outcome = outcome_from_json(*answer);
  return outcome ? outcome : named(method, json, outcome.error());
}

Result<Outcome> PluginBackend::create(const Request& request, const CallContext& context) {
  return mutate("create", request, context);
}

Result<Outcome> PluginBackend::update(const Request& request, const CallContext& context) {
  return mutate("update", request, context);
}

Result<Outcome> PluginBackend::remove(const Request& request, const CallContext& context) {
  return mutate(kDelete.data(), request, context);
}

}  // namespace tenon
