#include "framework/plugin/plugin_backend.h"

#include <algorithm>

namespace tenon {
namespace {

Result<std::vector<ChildSpec>> expansion_from_json(const Json& json) {
  const auto error = json.find("error");
  if (!json.is_object() || error == json.end()) return children_from_json(json);
  const auto text = [&error](const char* key) {
    return error->is_object() && error->contains(key) && (*error)[key].is_string()
               ? (*error)[key].get<std::string>()
               : std::string();
  };
  return Error{parse_code(text("code")), text("message")};
}

// Every item failed: nobody answered at all.
const Error* common_failure(const std::vector<Result<Json>>& items) {
  for (const Result<Json>& item : items)
    if (item) return nullptr;
  return items.empty() ? nullptr : &items.front().error();
}

}  // namespace

bool Slots::take(const CallContext& context) {
  std::unique_lock lock(mutex_);
  const auto available = [this] { return free_ > 0; };
  const bool taken = context.deadline == std::chrono::steady_clock::time_point::max()
                         ? changed_.wait(lock, context.stop, available)
                         : changed_.wait_until(lock, context.stop, context.deadline, available);
  if (taken) --free_;
  return taken;
}

void Slots::give() {
  const std::lock_guard lock(mutex_);
  ++free_;
  changed_.notify_one();
}

PluginBackend::PluginBackend(std::unique_ptr<Channel> channel, std::shared_ptr<const Manifest> manifest)
    : manifest_(std::move(manifest)), slots_(manifest_->parallel), channel_(std::move(channel)) {}

Result<Json> PluginBackend::call(const std::string& method, const Json& request, const CallContext& context) {
  if (!slots_.take(context))
    return Error{Code::unavailable, describe_call(method, request) + ": all " +
                                        std::to_string(manifest_->parallel) + " threads of plugin " +
                                        manifest_->name + " were busy; the call was not made"};
  Result<Json> answer = channel_->call(method, request, context);
  slots_.give();
  return answer ? answer : named(method, request, answer.error());
}

// What a plugin says about a resource names it; a bug or a silence does not.
Error PluginBackend::named(const std::string& method, const Json& request, const Error& error) const {
  if (error.code != Code::internal && error.code != Code::deadline_exceeded) return error;
  return with_context("plugin " + manifest_->name + ": " + describe_call(method, request), error);
}

std::vector<Result<Json>> PluginBackend::batch(const char* method, const char* key,
                                               const std::vector<Request>& requests,
                                               const CallContext& context) {
  std::vector<Result<Json>> items;
  const auto limit = static_cast<size_t>(manifest_->batch);
  for (size_t begin = 0; begin < requests.size(); begin += limit) {
    const size_t end = std::min(requests.size(), begin + limit);
    Json resources = Json::array();
    for (size_t i = begin; i < end; ++i) resources.push_back(to_json(requests[i]));
    Result<Json> answer = call(method, {{"resources", std::move(resources)}}, context);
    if (answer && (!answer->is_object() || !answer->contains(key) || !(*answer)[key].is_array() ||
                   (*answer)[key].size() != end - begin))
      answer = Error{Code::internal, "plugin " + manifest_->name + ": " + method + " of " +
                                         std::to_string(end - begin) + " resources did not answer '" + key +
                                         "', one for each"};
    for (size_t i = begin; i < end; ++i)
      items.push_back(answer ? Result<Json>((*answer)[key][i - begin]) : answer.error());
  }
  return items;
}

Result<std::vector<Observation>> PluginBackend::observe(const std::vector<Request>& requests,
                                                        const CallContext& context) {
  const std::vector<Result<Json>> items = batch("observe", "observations", requests, context);
  if (const Error* error = common_failure(items)) return *error;
  std::vector<Observation> observations;
  for (const Result<Json>& item : items) {
    Result<Observation> observation = item ? observation_from_json(*item) : item.error();
    observations.push_back(observation ? *std::move(observation) : unknown_observation(observation.error()));
  }
  return observations;
}

Result<std::vector<Result<std::vector<ChildSpec>>>> PluginBackend::expand(
    const std::vector<Request>& requests, const CallContext& context) {
  if (!manifest_->capabilities.contains("expand"))
    return Error{Code::unimplemented, "plugin " + manifest_->name + " has no composites"};
  const std::vector<Result<Json>> items = batch("expand", "expansions", requests, context);
  if (const Error* error = common_failure(items)) return *error;
  std::vector<Result<std::vector<ChildSpec>>> expansions;
  for (const Result<Json>& item : items)
    expansions.push_back(item ? expansion_from_json(*item) : item.error());
  return expansions;
}

Result<Outcome> PluginBackend::mutate(const char* method, const Request& request,
                                      const CallContext& context) {
  const Json json = to_json(request);
  const Result<Json> answer = call(method, json, context);
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
  return mutate("delete", request, context);
}

}  // namespace tenon
