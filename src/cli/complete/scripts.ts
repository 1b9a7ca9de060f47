/**
 * What a shell runs at each TAB: it asks `vigil __complete` for what may stand at the cursor, so a script that was installed
 * once knows the commands of every later version. Lines are `value TAB description`; the last one says whether the shell adds
 * files or folders.
 */
export const SCRIPTS = {
  bash: `# bash completion of vigil: eval "$(vigil completion bash)"
_vigil() {
  local line paths=none
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=\${line#:} ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  type compopt >/dev/null 2>&1 || return 0
  case $paths in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
}
complete -F _vigil vigil
`,
  zsh: `#compdef vigil
# zsh completion of vigil: eval "$(vigil completion zsh)", or as a file _vigil in a folder of $fpath
_vigil() {
  local line value paths=none
  local -a described
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :*) paths=\${line#:} ;;
      ?*)
        value=\${line%%$'\\t'*}
        described+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
        ;;
    esac
  done
  (( $#described )) && _describe vigil described
  case $paths in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [ "$funcstack[1]" = "_vigil" ]; then _vigil "$@"; else compdef _vigil vigil; fi
`,
  fish: `# fish completion of vigil: vigil completion fish > ~/.config/fish/completions/vigil.fish
function __vigil_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    string match --invert ':*' -- $lines
    switch "$lines[-1]"
        case :files
            __fish_complete_path "$current"
        case :folders
            __fish_complete_directories "$current"
    end
end
complete --command vigil --no-files --arguments '(__vigil_complete)'
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
