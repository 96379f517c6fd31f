// Tenon's schema words as CEL rules (x-kubernetes-validations). Needs Kubernetes 1.29: quantity() and
// fieldPath. Pure; thread-safe.
#pragma once

#include "framework/base/json.h"
#include "framework/model/schema.h"

namespace tenon {

// Whether rules about change can be stated for a value.
enum class Change {
  unknown,  // Kubernetes cannot tell which old value it follows
  free,
  refused,  // as a whole, further up
};

// The rules that belong on this value itself, a list. anchor: it has an old self whenever it is the same
// object (the spec, an element of a map), so that it also answers for the fields below it that must not
// come, go or change.
Json validation_rules(const Schema& schema, Change change, bool anchor);

// Whether a change anywhere in the value is refused, and Kubernetes can tell.
bool is_immutable(const Schema& schema);

// A minimum or maximum, written without a fraction where it has none.
Json bound_json(double bound);

}  // namespace tenon
