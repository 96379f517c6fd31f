#include "framework/run/requests.h"

#include "framework/run/values.h"

namespace tenon::scheduling {
namespace {

const Sent* sent_of(const RunState& state, const Address& address) {
  const auto it = state.sent.find(address);
  return it == state.sent.end() ? nullptr : &it->second;
}

const Step* writer_of(const RunState& state, const Address& address) {
  const auto it = state.writers.find(address);
  return it == state.writers.end() ? nullptr : &state.plan.steps[static_cast<size_t>(it->second)];
}

const Observation* present(const RunState& state, const Address& address) {
  const Observation* seen = latest_of(state, address);
  if (!seen || seen->existence == Existence::unknown) {
    const auto known = state.known.find(address);
    if (known == state.known.end()) return nullptr;
    seen = &known->second;
  }
  return seen->existence == Existence::present ? seen : nullptr;
}

std::map<Address, Dependency> dependencies_of(const RunState& state, const std::vector<Address>& addresses) {
  std::map<Address, Dependency> result;
  for (const Address& address : addresses)
    if (const Observation* o = present(state, address))
      result[address] = dependency_of(*o, row_of(state, address));
  return result;
}

// What every request about an address holds.
Request base_request(const RunState& state, const Address& address) {
  Request request{.address = address, .inventory = state.plan.inventory};
  if (const Owned* row = row_of(state, address)) add_owned(*row, request);
  if (const Sent* sent = sent_of(state, address)) {
    request.nonce = sent->nonce;
    if (!sent->identity.empty()) request.identity = sent->identity;
    if (!sent->private_state.is_null()) request.private_state = sent->private_state;
  }
  request.generation = sent_generation(state, address);
  return request;
}

void describe_mark(const RunState& state, const Step& step, Request& request) {
  if (step.kind == StepKind::adopt) request.mark = "set";
  if (step.kind == StepKind::forget) request.mark = "drop";
  if (step.kind == StepKind::move) request.mark = "move";
  request.from = step.from;
  if (step.kind != StepKind::remove && step.kind != StepKind::forget)
    request.record = record_of(row_after(state, step));
}

// The spec that an observation is for: as sent, else as declared, else as applied.
SharedJson observed_spec(const RunState& state, const Address& address) {
  if (const Sent* sent = sent_of(state, address)) return sent->spec;
  const auto change = state.changes.find(address);
  if (change != state.changes.end() && !state.plan.changes[change->second].desired.is_null())
    return filled_spec(state, state.plan.changes[change->second].desired, address).value_or(SharedJson());
  const Owned* row = row_of(state, address);
  if (!row) return {};
  return row->intent ? row->intent->spec : row->applied;
}

}  // namespace

const Observation* latest_of(const RunState& state, const Address& address) {
  if (const auto seen = state.seen.find(address); seen != state.seen.end()) return &seen->second;
  const auto planned = state.planned->find(address);
  return planned == state.planned->end() ? nullptr : &planned->second;
}

const Owned* row_of(const RunState& state, const Address& address) {
  const auto it = state.owned.find(address);
  return it == state.owned.end() ? nullptr : &it->second;
}

std::string instance_of(const RunState& state, const Address& address) {
  const auto it = state.instances.find(address);
  if (it != state.instances.end()) return it->second;
  Resource external;
  external.address = address;
  return state.catalog->route(external).value_or("");
}

const KindManifest* kind_of(const RunState& state, const Address& address) {
  return state.catalog->find(address);
}

std::string sent_generation(const RunState& state, const Address& address) {
  if (const Sent* sent = sent_of(state, address)) return sent->generation;
  const Owned* row = row_of(state, address);
  if (!row) return "";
  return row->intent ? row->intent->generation : row->generation;
}

Result<SharedJson> filled_spec(const RunState& state, const SharedJson& spec, const Address& address) {
  const auto outputs = [&state](const Address& target) -> const Json* {
    const Observation* o = present(state, target);
    return o ? &*o->outputs : nullptr;
  };
  return fill_references(spec, outputs, kind_of(state, address));
}

Owned row_after(const RunState& state, const Step& step) {
  Owned row{.address = step.address, .instance = instance_of(state, step.address)};
  if (const Owned* known = row_of(state, step.from ? *step.from : step.address)) row = *known;
  row.address = step.address;
  if (step.kind == StepKind::await) return row;
  // Of a move that only its name asks for, everything else stays.
  if (step.kind == StepKind::move && state.plan.desired(step.address).is_null()) return row;
  row.defaulted = step.defaulted;
  row.dependencies = step.dependencies;
  row.parent = step.parent;
  row.protect = step.annotations.value(std::string(kProtectAnnotation), "") == "true";
  row.labels = step.labels.get<std::map<std::string, std::string>>();
  row.set = state.plan.set;
  return row;
}

Request observe_request(const RunState& state, const Address& address) {
  Request request = base_request(state, address);
  const auto adoption = state.adoptions.find(address);
  if (request.identity.empty() && adoption != state.adoptions.end()) request.identity = adoption->second;
  request.desired = observed_spec(state, address);
  const Owned* row = row_of(state, address);
  if (const Step* writer = writer_of(state, address)) {
    request.labels = writer->labels;
    request.annotations = writer->annotations;
    request.dependencies = dependencies_of(state, writer->dependencies);
  } else if (row) {
    request.dependencies = dependencies_of(state, row->dependencies);
  }
  return request;
}

Request call_request(const RunState& state, const Step& step, const Sent* sent) {
  Request request = base_request(state, step.address);
  const Owned* row = row_of(state, step.address);
  const Step* writer = step.kind == StepKind::await ? writer_of(state, step.address) : &step;
  if (writer) {
    request.labels = writer->labels;
    request.annotations = writer->annotations;
  }
  if (sent) {
    request.desired = sent->spec;
    request.nonce = sent->nonce;
    request.generation = sent->generation;
    if (!sent->identity.empty()) request.identity = sent->identity;
    if (!sent->private_state.is_null()) request.private_state = sent->private_state;
  }
  // The object that is there is another one than the inventory tells of.
  if (step.kind == StepKind::remove && !step.nonce.empty()) request.nonce = step.nonce;
  request.operations = step.operations;
  describe_mark(state, writer && step.kind == StepKind::await ? *writer : step, request);
  const bool declared = writer && !writer->dependencies.empty();
  if (declared || row)
    request.dependencies = dependencies_of(state, declared ? writer->dependencies : row->dependencies);
  return request;
}

std::set<Address> look_targets(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  if (step.kind == StepKind::move) return {*step.from};
  std::set<Address> targets{step.address};
  if (step.kind == StepKind::adopt || step.kind == StepKind::forget) return targets;
  if (state.steps[static_cast<size_t>(index)].called || step.kind == StepKind::remove) return targets;
  // An await that finds a dead worker calls create again, under the guards of the first create.
  const Step* writer = step.kind == StepKind::await ? writer_of(state, step.address) : &step;
  if (!writer) return targets;
  if (step.kind == StepKind::await && !state.steps[static_cast<size_t>(index)].resume_at) return targets;
  for (const Await& guard : writer->guards) targets.insert(guard.target);
  targets.insert(writer->dependencies.begin(), writer->dependencies.end());
  return targets;
}

}  // namespace tenon::scheduling
