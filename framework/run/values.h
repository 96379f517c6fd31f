// Values that become known only after other resources exist: filled in just before a call.
#pragma once

#include <functional>

#include "framework/base/result.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"
#include "framework/model/manifest.h"

namespace tenon {

// The outputs of a resource that exists; null: it does not.
using OutputsOf = std::function<const Json*(const Address&)>;

// The spec with every value reference replaced, validated like a written one (kind may be null: then it is
// not). failed_precondition: a value is not there, or is none that the schema accepts.
Result<SharedJson> fill_references(const SharedJson& spec, const OutputsOf& outputs,
                                   const KindManifest* kind);

}  // namespace tenon
