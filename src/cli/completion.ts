import { type Argument, type Command, Help, type Option } from "commander";

/** The supported shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** The command line that starts the program: the executable and its first arguments. */
type Start = readonly string[];

interface Suggestion {
  readonly text: string;
  readonly description: string;
}

/** A command and its possible next words. */
interface Place {
  /** For example `/client/create`. */
  readonly path: string;
  /** Subcommands, or the choices of its first argument. */
  readonly words: readonly Suggestion[];
  readonly options: readonly Option[];
}

/** The shell function that the script defines and completes. */
const NAME = "tollgate";

/**
 * A script that defines the command `tollgate` for a shell, usable from any folder, with
 * completion. The script contains all suggestions, so completion starts no process.
 */
export function completionScript(shell: Shell, program: Command, start: Start): string {
  return SCRIPTS[shell](placesOf(program), start);
}

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[], start: Start) => string>> = {
  bash: (places, start) => `${NAME}() { ${start.map(quoted).join(" ")} "$@"; }
_${NAME}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} place= one words=
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place/$one" in ${pathsOf(places).join("|")}) place="$place/$one" ;; esac
  done
  case "$place $before $word" in
${casesOf(places, (found) => `words=${quoted(found.map(({ text }) => text).join(" "))}`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _${NAME} ${NAME}
`,

  zsh: (places, start) => `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
${NAME}() { ${start.map(quoted).join(" ")} "$@"; }
_${NAME}() {
  local word=\${words[CURRENT]} before=\${words[CURRENT-1]} place= one
  local -a found
  for one in "\${(@)words[2,CURRENT-1]}"; do
    case "$place/$one" in ${pathsOf(places).join("|")}) place="$place/$one" ;; esac
  done
  case "$place $before $word" in
${casesOf(places, (found) => `found=(${found.map((one) => quoted(zshPair(one))).join(" ")})`)}
  esac
  if (( $#found )); then _describe ${NAME} found; else _files; fi
}
compdef _${NAME} ${NAME}
`,

  fish: (places, start) => `function ${NAME}
    ${start.map(fishQuoted).join(" ")} $argv
end
function __${NAME}_at
    set -l place ''
    for one in (commandline -opc)[2..]
        contains -- $place/$one ${pathsOf(places).join(" ")}; and set place $place/$one
    end
    test "$place" = "$argv"
end
${places.flatMap(fishLines).join("\n")}
`,
};

function placesOf(command: Command, path = ""): Place[] {
  const help = new Help();
  const commands = help.visibleCommands(command);
  const below = commands.map((one) => ({ text: one.name(), description: one.description() }));
  const words = [...below, ...choicesOf(command.registeredArguments[0])];
  const own = { path, words, options: help.visibleOptions(command) };
  return [own, ...command.commands.flatMap((one) => placesOf(one, `${path}/${one.name()}`))];
}

function choicesOf(one: Argument | Option | undefined): readonly Suggestion[] {
  return (one?.argChoices ?? []).map((text) => ({ text, description: "" }));
}

function pathsOf(places: readonly Place[]): string[] {
  return places.map(({ path }) => path).filter((path) => path !== "");
}

/** Branches of a `case` over the command path, the previous word and the current word. */
function casesOf(
  places: readonly Place[],
  assign: (found: readonly Suggestion[]) => string,
): string {
  return places
    .flatMap(({ path, words, options }) => [
      ...options
        .filter(({ argChoices }) => argChoices !== undefined)
        .map((option) => `    "${path} ${option.long} "*) ${assign(choicesOf(option))} ;;`),
      `    "${path} "*" -"*) ${assign(options.map(longOf))} ;;`,
      ...(words.length > 0 ? [`    "${path} "*) ${assign(words)} ;;`] : []),
    ])
    .join("\n");
}

function longOf({ long, description }: Option): Suggestion {
  return { text: long ?? "", description };
}

function zshPair({ text, description }: Suggestion): string {
  return description === "" ? text : `${text}:${firstLine(description)}`;
}

function fishLines({ path, words, options }: Place): string[] {
  const start = `complete -c ${NAME} -n "__${NAME}_at '${path}'"`;
  const described = (text: string) => (text === "" ? "" : ` -d ${fishQuoted(firstLine(text))}`);
  return [
    ...words.map(({ text, description }) => `${start} -f -a ${text}${described(description)}`),
    ...options.map(({ long = "", argChoices, required, description }) => {
      const values = argChoices === undefined ? "" : ` -f -a ${fishQuoted(argChoices.join(" "))}`;
      const value = required ? ` -r${values}` : "";
      return `${start} -l ${long.slice(2)}${value}${described(description)}`;
    }),
  ];
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
