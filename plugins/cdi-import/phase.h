// In which phase an import is: a pure function of what its files say.
#pragma once

#include <optional>
#include <string>

#include "framework/base/result.h"
#include "framework/plugin/contents_mark.h"
#include "plugins/cdi-import/state.h"

namespace tenon::cdi {

struct ImportFacts {
  bool locked = false;  // looked at before everything else: a lock seen free means that the rest is final
  Result<std::optional<ContentsMark>> mark = std::optional<ContentsMark>();
  // As observed now; nullopt: the claim is not known to exist.
  std::optional<std::string> claim_phase;
  std::optional<std::string> claim_nonce;
  std::optional<Progress> progress;
  std::optional<Failure> failure;
};

struct ImportState {
  std::string phase;  // Pending, PVCBound, ImportScheduled, ImportInProgress, Succeeded, Failed, Unknown
  std::string reason, message;
  bool busy = false;
  bool resumable = false;
  std::optional<double> progress;
};

// Whether the mark says that this very import filled this very claim. Nothing else makes an import Succeeded.
bool is_populated_by(const std::optional<ContentsMark>& mark, const std::string& claim_nonce,
                     const std::string& importer, const std::string& generation);

// Whether an import of this importer may begin: nothing of worth is in the claim, or its own deleted
// import's.
bool may_fill(const std::optional<ContentsMark>& mark, const std::string& claim_nonce,
              const std::string& importer);

ImportState derive_state(const Ledger& ledger, const ImportFacts& facts);

}  // namespace tenon::cdi
