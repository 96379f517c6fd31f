// A kind's schema as Kubernetes wants it: structural, with CEL rules in place of Tenon's own words. Pure;
// thread-safe.
//
// x-update: refuse, x-decrease and x-exactly-one-of become x-kubernetes-validations. What they cannot say:
//  - Rules that compare with the old object are left out below lists that are not maps: there Kubernetes does
//    not know which old element a new one follows.
//  - A field that must not change counts as changed by another spelling, but for a quantity of its own.
//  - Lists and maps whose elements have rules hold at most 1,000, unless maxItems says otherwise, and strings
//    in them that must not change are at most 4,096 characters long. For lists in lists maxItems should.
//  - Rules do not reach into objects that preserve unknown fields, x-template included, and do not see values
//    without a type.
//  - A value reference (tenon.dev/ref) does not fit a typed field: it is for manifests that Tenon reads
//    itself.
// The plan checks all of these.
#pragma once

#include "framework/base/json.h"
#include "framework/model/schema.h"

namespace tenon {

Json structural_schema(const Schema& schema);

}  // namespace tenon
