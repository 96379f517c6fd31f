#include "framework/plugin/conformance/secrecy.h"

#include <algorithm>

#include "framework/base/files.h"

namespace tenon {
namespace {

// Calls visit(place, value) for each value at an x-secret place; null where there is none.
void visit_secrets(const Schema& schema, Json& value, const std::string& place,
                   const std::function<void(const std::string&, Json*)>& visit) {
  if (schema.secret) return visit(place, &value);
  for (const auto& [name, property] : schema.properties) {
    const auto found = value.is_object() ? value.find(name) : value.end();
    if (value.is_object() && found != value.end())
      visit_secrets(property, *found, place + "/" + name, visit);
    else if (property.secret)
      visit(place + "/" + name, nullptr);
  }
  if (value.is_array() && schema.items)
    for (Json& item : value) visit_secrets(*schema.items, item, place + "/*", visit);
}

const KindManifest* kind_of(const ConformanceSample& sample) {
  return sample.manifest ? sample.manifest->find(sample.address.kind_name()) : nullptr;
}

void collect_texts(const Json& value, std::vector<std::string>& texts) {
  if (value.is_string()) texts.push_back(value);
  if (value.is_structured())
    for (const Json& item : value) collect_texts(item, texts);
}

}  // namespace

void Eavesdropper::keep(const Json& answer) {
  const std::string text = answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  if (!said_.ends_with("\n" + text)) said_ += text;
}

void Eavesdropper::keep(const Outcome& outcome) {
  keep(Json{outcome.identity, outcome.private_state, outcome.notes});
}

std::string Eavesdropper::said(const std::string& text) const {
  const std::lock_guard lock(mutex_);
  const size_t at = said_.find(text);
  if (at == std::string::npos) return "";
  const size_t begin = said_.rfind('\n', at) + 1;
  return said_.substr(begin, said_.find('\n', at) - begin);
}

Result<Observed> Eavesdropper::observe(const std::vector<Request>& requests, const CallContext& context) {
  auto answer = ForwardingBackend::observe(requests, context);
  if (!answer) return keep(answer.error()), answer;
  for (const Observation& seen : answer->observations) keep(seen);
  return answer;
}

template <typename T>
Result<T> Eavesdropper::keep_all(Result<T> answer) {
  if (answer)
    keep(*answer);
  else
    keep(answer.error());
  return answer;
}

Result<Outcome> Eavesdropper::create(const Request& request, const CallContext& context) {
  return keep_all(ForwardingBackend::create(request, context));
}

Result<Outcome> Eavesdropper::update(const Request& request, const CallContext& context) {
  return keep_all(ForwardingBackend::update(request, context));
}

Result<Outcome> Eavesdropper::remove(const Request& request, const CallContext& context) {
  return keep_all(ForwardingBackend::remove(request, context));
}

// A child's spec passes secrets on, as handles where there is a vault: only what cannot be expanded is heard.
Result<std::vector<Result<std::vector<ChildSpec>>>> Eavesdropper::expand(const std::vector<Request>& requests,
                                                                         const CallContext& context) {
  auto answer = ForwardingBackend::expand(requests, context);
  if (!answer) return keep(answer.error()), answer;
  for (const auto& one : *answer)
    if (!one) keep(one.error());
  return answer;
}

Result<ListPage> Eavesdropper::list(const std::string& inventory, const std::string& after,
                                    const CallContext& context) {
  auto answer = ForwardingBackend::list(inventory, after, context);
  if (!answer) return keep(answer.error()), answer;
  for (const Listed& object : answer->objects) keep(Json{object.identity, object.private_state});
  return answer;
}

Result<std::vector<Result<Observation>>> Eavesdropper::status(const std::vector<Family>& families,
                                                              const CallContext& context) {
  auto answer = ForwardingBackend::status(families, context);
  if (!answer) return keep(answer.error()), answer;
  for (auto& one : *answer) one = keep_all(std::move(one));
  return answer;
}

Result<ActionResult> Eavesdropper::act(const Request& request, const std::string& action,
                                       const Json& arguments, const CallContext& context) {
  auto answer = ForwardingBackend::act(request, action, arguments, context);
  keep(answer ? Json{answer->message, answer->data} : Json(answer.error().message));
  return answer;
}

ConformanceSample with_handles(const ConformanceSample& sample) {
  ConformanceSample sealed = sample;
  const KindManifest* kind = kind_of(sample);
  if (!sample.vault || !kind) return sealed;
  const auto seal = [&sample](const Schema& schema, Json& spec) {
    visit_secrets(schema, spec, "", [&](const std::string&, Json* value) {
      if (value) *value = sample.vault->seal(*value, {.file = "sample"});
    });
  };
  seal(kind->schema, sealed.spec);
  seal(kind->schema, sealed.changed);
  for (auto& [version, spec] : sealed.older) {
    const auto schema = kind->schemas.find(version);
    seal(schema == kind->schemas.end() ? kind->schema : schema->second, spec);
  }
  return sealed;
}

Findings check_secrecy(const Eavesdropper& overheard, const ConformanceSample& sample) {
  Findings findings;
  std::vector<std::string> texts = sample.secrets;
  std::string lacking;
  if (const KindManifest* kind = kind_of(sample)) {
    Json spec = sample.spec;
    visit_secrets(kind->schema, spec, "", [&](const std::string& place, Json* value) {
      if (!value && lacking.empty()) lacking = place;
      if (value) collect_texts(*value, texts);
    });
  }
  const auto add = [&findings](const char* check, bool ok, const std::string& advice) {
    findings.push_back({check, ok, ok ? "" : advice});
  };
  add("the sample has a value for every secret", lacking.empty(),
      "give it one at " + lacking + ": what is not planted cannot be looked for");
  std::string told, logged;
  const std::string log = sample.log.empty() ? "" : read_file(sample.log).value_or("");
  for (const std::string& text : texts) {
    if (told.empty()) told = overheard.said(text);
    if (log.find(text) != std::string::npos) logged = sample.log;
  }
  const auto add_or_skip = [&](const char* check, bool looked, bool ok, const std::string& advice) {
    looked ? add(check, ok, advice) : findings.push_back({check, true, "", true});
  };
  add_or_skip("secrets are not echoed", !texts.empty(), told.empty(),
              "leave the value of what is x-secret out of every answer and message; it answers " + told);
  add_or_skip("the log tells no secret", !texts.empty() && !sample.log.empty(), logged.empty(),
              "do not log or print what was redeemed; see " + logged);
  return findings;
}

}  // namespace tenon
