#include "framework/plugin/in_process.h"

#include "framework/plugin/wire.h"

namespace tenon {

InProcess::InProcess(std::string plugin, std::string instance, Json configuration, LoadedPlugin::Log log,
                     const Vault* vault)
    : path_(std::move(plugin)),
      instance_(std::move(instance)),
      configuration_(std::move(configuration)),
      log_(std::move(log)),
      desk_(vault) {}

Result<Json> InProcess::call(const std::string& method, const Json& request, const CallContext& context) {
  if (Status opened = open(context); !opened) return opened.error();
  return invoke(method, request, context);
}

Status InProcess::open(const CallContext& context) {
  const std::lock_guard lock(opening_);
  if (opened_) return {};
  if (!plugin_) {
    auto loaded = LoadedPlugin::load(
        path_, log_, [this](uint64_t call, std::string_view ask) { return desk_.answer(call, ask); },
        [this](std::string_view event) { events_.happened(event); });
    if (!loaded) return with_context("opening instance " + instance_, loaded.error());
    plugin_ = *std::move(loaded);
  }
  const Result<Json> opened = invoke("open", {{"configuration", configuration_}}, context);
  if (!opened) return with_context("opening instance " + instance_, opened.error());
  opened_ = true;
  return {};
}

Result<Json> InProcess::invoke(const std::string& method, const Json& request, const CallContext& context) {
  const uint64_t id = ++last_id_;
  plugin_->begin(id, context.deadline);
  desk_.admit(id, request);
  const std::stop_callback cancel(context.stop, [this, id] { plugin_->cancel(id); });
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  Result<Json> answer = parse_object(plugin_->invoke(id, method, text));
  desk_.dismiss(id);
  return answer ? open_answer(*std::move(answer)) : with_context("the plugin's answer", answer.error());
}

}  // namespace tenon
