#include <map>
#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

constexpr const char* kBash = R"(# bash completion of tenon; load it with: source <(tenon completion bash)
_tenon() {
  local line word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  [ "$word" != = ] || word=
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null
              while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word") ;;
      :nospace) compopt -o nospace 2>/dev/null ;;
      *) line=${line%%$'\t'*}
         # What stands before a "=" is a word of its own here.
         case $line in --*=*) line=${line#*=} ;; esac
         COMPREPLY+=("$line") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _tenon tenon
)";

constexpr const char* kZsh = R"(#compdef tenon
# zsh completion of tenon; load it with: source <(tenon completion zsh)
_tenon() {
  local line text files=
  local -a texts helps suffix
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) files=1 ;;
      :nospace) suffix=(-S '') ;;
      *) text=${line%%$'\t'*}
         texts+=("$text")
         if [[ $line == *$'\t'* ]]; then helps+=("$text -- ${line#*$'\t'}"); else helps+=("$text"); fi ;;
    esac
  done
  if (( ${#texts} )); then compadd -l "${(@)suffix}" -d helps -a texts; fi
  if [[ -n $files ]]; then _files; fi
}
if (( $+functions[compdef] )); then compdef _tenon tenon; fi
)";

constexpr const char* kFish = R"(# fish completion of tenon; load it with: tenon completion fish | source
function __tenon_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c tenon -f -a '(__tenon_complete)'
)";

}  // namespace

int run_completion(const Arguments& arguments, Environment& env) {
  static const std::map<std::string, const char*> kScripts = {
      {"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};
  env.out << kScripts.at(arguments.targets.front());
  return kSuccess;
}

}  // namespace tenon
