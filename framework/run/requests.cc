#include "framework/run/requests.h"

#include "framework/run/values.h"

namespace tenon::scheduling {
namespace {

// Of what nothing is known of.
const ResourceState& resource_of(const RunState& state, const Address& address) {
  static const ResourceState kNothing;
  const ResourceState* resource = find(state, address);
  return resource ? *resource : kNothing;
}

const Step* writer_of(const RunState& state, const ResourceState& resource) {
  return resource.writer < 0 ? nullptr : &state.plan.steps[static_cast<size_t>(resource.writer)];
}

const Observation* latest_of(const ResourceState& resource) {
  return resource.seen ? resource.seen.get() : resource.planned;
}

const Observation* present(const ResourceState& resource) {
  const Observation* seen = latest_of(resource);
  if (!seen || seen->existence == Existence::unknown) seen = resource.known.get();
  return seen && seen->existence == Existence::present ? seen : nullptr;
}

std::string sent_generation(const ResourceState& resource) {
  if (resource.sent) return resource.sent->generation;
  if (!resource.owned) return "";
  return resource.owned->intent ? resource.owned->intent->generation : resource.owned->generation;
}

std::map<Address, Dependency> dependencies_of(const RunState& state, const std::vector<Address>& addresses) {
  std::map<Address, Dependency> result;
  for (const Address& address : addresses)
    if (const ResourceState* resource = find(state, address))
      if (const Observation* o = present(*resource))
        result[address] = dependency_of(*o, resource->owned.get());
  return result;
}

// What every request about an address holds.
Request base_request(const RunState& state, const Address& address, const ResourceState& resource) {
  Request request{.address = address, .inventory = state.plan.inventory};
  if (resource.owned) add_owned(*resource.owned, request);
  if (const Sent* sent = resource.sent.get()) {
    request.nonce = sent->nonce;
    if (!sent->identity.empty()) request.identity = sent->identity;
    if (!sent->private_state.is_null()) request.private_state = sent->private_state;
  }
  request.generation = sent_generation(resource);
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
SharedJson observed_spec(const RunState& state, const Address& address, const ResourceState& resource) {
  if (resource.sent) return resource.sent->spec;
  if (resource.change && !resource.change->desired.is_null())
    return filled_spec(state, resource.change->desired, address).value_or(SharedJson());
  if (!resource.owned) return {};
  return resource.owned->intent ? resource.owned->intent->spec : resource.owned->applied;
}

}  // namespace

const ResourceState* find(const RunState& state, const Address& address) {
  const auto it = state.resources.find(address);
  return it == state.resources.end() ? nullptr : &it->second;
}

const Observation* latest_of(const RunState& state, const Address& address) {
  return latest_of(resource_of(state, address));
}

const Owned* row_of(const RunState& state, const Address& address) {
  return resource_of(state, address).owned.get();
}

std::string instance_of(const RunState& state, const Address& address) {
  if (const ResourceState* resource = find(state, address); resource && !resource->instance.empty())
    return resource->instance;
  Resource external;
  external.address = address;
  return state.catalog->route(external).value_or("");
}

const KindManifest* kind_of(const RunState& state, const Address& address) {
  return state.catalog->find(address);
}

std::string sent_generation(const RunState& state, const Address& address) {
  return sent_generation(resource_of(state, address));
}

Result<SharedJson> filled_spec(const RunState& state, const SharedJson& spec, const Address& address) {
  const auto outputs = [&state](const Address& target) -> const Json* {
    const Observation* o = present(resource_of(state, target));
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
  const ResourceState& resource = resource_of(state, address);
  Request request = base_request(state, address, resource);
  if (request.identity.empty()) request.identity = resource.adopted;
  request.desired = observed_spec(state, address, resource);
  if (const Step* writer = writer_of(state, resource)) {
    request.labels = writer->labels;
    request.annotations = writer->annotations;
    request.dependencies = dependencies_of(state, writer->dependencies);
  } else if (resource.owned) {
    request.dependencies = dependencies_of(state, resource.owned->dependencies);
  }
  return request;
}

Request call_request(const RunState& state, const Step& step, const Sent* sent) {
  const ResourceState& resource = resource_of(state, step.address);
  Request request = base_request(state, step.address, resource);
  const Owned* row = resource.owned.get();
  const Step* writer = step.kind == StepKind::await ? writer_of(state, resource) : &step;
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
  const Step* writer =
      step.kind == StepKind::await ? writer_of(state, resource_of(state, step.address)) : &step;
  if (!writer) return targets;
  if (step.kind == StepKind::await && !state.steps[static_cast<size_t>(index)].resume_at) return targets;
  for (const Await& guard : writer->guards) targets.insert(guard.target);
  targets.insert(writer->dependencies.begin(), writer->dependencies.end());
  return targets;
}

}  // namespace tenon::scheduling
