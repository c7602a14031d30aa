/* `lockstep completion`: scripts by which bash and zsh complete its command lines, read
 * off the commands' tables and the job file's. A value is completed by what it is called
 * there: `kinds` has the words, the scripts a function for each. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "proto/job_yaml.h"

typedef struct value_kind {
    const char *name; /* of the value, in an option table or in `arguments` */
    const char *bash, *zsh;
} value_kind;

static const value_kind kinds[] = {
    {"JOB", "_lockstep_jobs", "_lockstep_jobs"},
    {"RUN", "_lockstep_runs", "_lockstep_runs"},
    {"DIR", "_lockstep_folders", "_files -/"},
    {"FILE", "_lockstep_files", "_files"},
    {"PATH", "_lockstep_files", "_files"},
    {"KEY=VALUE", "_lockstep_keys", "_lockstep_keys"},
    {"COMMAND", "_lockstep_commands", "_lockstep_commands"},
    {"SPLIT", "_lockstep_words 'train validation test'", "(train validation test)"},
    {"FORMAT", "_lockstep_words 'jsonl npy'", "(jsonl npy)"},
    {"SHELL", "_lockstep_shells", "_lockstep_shells"},
};

static void print_bash(FILE *out);
static void print_zsh(FILE *out);

static const struct {
    const char *shell;
    void (*print)(FILE *out);
} scripts[] = {{"bash", print_bash}, {"zsh", print_zsh}};
enum { N_SCRIPTS = sizeof scripts / sizeof *scripts };

/* The kind that is called text[0..n), NULL for one that nothing is offered for. */
static const value_kind *find_kind(const char *text, size_t n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == n && strncmp(kinds[i].name, text, n) == 0)
            return &kinds[i];
    return NULL;
}

static const value_kind *kind_of_option(const lks_arg *option)
{
    return option->value ? find_kind(option->value, strlen(option->value)) : NULL;
}

/* Of what stands first in "JOB [OPTION]…" or "[RUN] …". */
static const value_kind *kind_of_argument(const lks_command *command)
{
    const char *name = command->arguments + (command->arguments[0] == '[');

    return command->max_positional ? find_kind(name, strcspn(name, " ]")) : NULL;
}

static void put_commands(FILE *out)
{
    for (const lks_command *const *command = lks_commands; *command; command++)
        if (!(*command)->hidden)
            fprintf(out, " %s", (*command)->name);
}

static void put_shells(FILE *out)
{
    for (size_t i = 0; i < N_SCRIPTS; i++)
        fprintf(out, " %s", scripts[i].shell);
}

/* "key= key= …" */
static void put_keys(FILE *out)
{
    for (size_t i = 0; lks_job_key_name(i); i++)
        fprintf(out, " %s=", lks_job_key_name(i));
}

/* A shell's case for each key that is one of some words. */
static void put_words_of_keys(FILE *out, const char *before, const char *after)
{
    for (size_t i = 0; lks_job_key_name(i); i++) {
        const char *const *words = lks_job_key_words(i);

        if (!words)
            continue;
        fprintf(out, "        %s) %s", lks_job_key_name(i), before);
        for (; *words; words++)
            fprintf(out, " %s", *words);
        fprintf(out, "%s ;;\n", after);
    }
}

/* ---- bash ---- */

static const char bash_begin[] =
    "# bash completion for lockstep, made by `lockstep completion bash`\n"
    "\n"
    "# _lockstep_words LIST: those that begin with $cur\n"
    "_lockstep_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
    "_lockstep_paths() {\n"
    "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\" | sort -u)\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "_lockstep_files() { _lockstep_paths -f; }\n"
    "_lockstep_folders() { _lockstep_paths -d; }\n"
    "_lockstep_jobs() {\n"
    "    local pattern\n"
    "    mapfile -t COMPREPLY < <({\n"
    "        compgen -d -- \"$cur\"\n"
    "        for pattern in '!*.yaml' '!*.yml' '!*.json'; do\n"
    "            compgen -f -X \"$pattern\" -- \"$cur\"\n"
    "        done\n"
    "    } | sort -u)\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "# names in runs/, and folders anywhere\n"
    "_lockstep_runs() {\n"
    "    mapfile -t COMPREPLY < <({\n"
    "        (cd runs 2>/dev/null && compgen -d -- \"$cur\")\n"
    "        compgen -d -- \"$cur\"\n"
    "    } | sort -u)\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n";

static void put_bash_keys(FILE *out)
{
    fputs("_lockstep_keys() {\n    _lockstep_words '", out);
    put_keys(out);
    fputs("'\n    compopt -o nospace 2>/dev/null\n}\n"
          "# _lockstep_value KEY\n_lockstep_value() {\n    case $1 in\n",
          out);
    put_words_of_keys(out, "_lockstep_words '", "'");
    fputs("    esac\n}\n_lockstep_commands() { _lockstep_words '", out);
    put_commands(out);
    fputs("'; }\n_lockstep_shells() { _lockstep_words '", out);
    put_shells(out);
    fputs("'; }\n\n", out);
}

static void put_bash_option(FILE *out, const lks_arg *option)
{
    const value_kind *kind = kind_of_option(option);

    if (!option->value)
        return;
    fprintf(out, "        %s%s%s) %s%sreturn ;;\n", option->name,
            option->short_name ? " | " : "", option->short_name ? option->short_name : "",
            kind ? kind->bash : "", kind ? "; " : "");
}

static void put_bash_command(FILE *out, const lks_command *command)
{
    const value_kind *kind = kind_of_argument(command);

    fprintf(out, "    %s)\n        options='", command->name);
    for (size_t i = 0; i < command->n_options; i++)
        fprintf(out, " %s%s%s", command->options[i].name,
                command->options[i].short_name ? " " : "",
                command->options[i].short_name ? command->options[i].short_name : "");
    fprintf(out, "'\n        arguments=%s\n        case $before in\n",
            kind ? kind->bash : ":");
    for (size_t i = 0; i < command->n_options; i++)
        put_bash_option(out, &command->options[i]);
    fputs("        esac\n        ;;\n", out);
}

static void print_bash(FILE *out)
{
    fputs(bash_begin, out);
    put_bash_keys(out);
    fputs("_lockstep() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local IFS=$' \\t\\n' options= arguments=: i\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -le 1 ]; then\n"
          "        _lockstep_words '",
          out);
    put_commands(out);
    fputs(" --help --version'\n"
          "        return\n"
          "    fi\n"
          "    for ((i = 2; i < COMP_CWORD; i++)); do # mpirun's\n"
          "        [ \"${COMP_WORDS[i]}\" != -- ] || return 0\n"
          "    done\n"
          "    # --name=value and KEY=VALUE come as three words\n"
          "    if [ \"$cur\" = = ]; then\n"
          "        cur=\n"
          "    elif [ \"$before\" = = ]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    if [ \"$before\" != \"${COMP_WORDS[COMP_CWORD - 1]}\" ] ||\n"
          "        [ \"$cur\" != \"${COMP_WORDS[COMP_CWORD]}\" ]; then\n"
          "        case $before in\n"
          "        -*) ;;\n"
          "        *) _lockstep_value \"$before\"; return ;;\n"
          "        esac\n"
          "    fi\n"
          "    case ${COMP_WORDS[1]} in\n",
          out);
    for (const lks_command *const *command = lks_commands; *command; command++)
        if (!(*command)->hidden)
            put_bash_command(out, *command);
    fputs("    esac\n"
          "    case $cur in\n"
          "    -*) _lockstep_words \"$options\" ;;\n"
          "    *) $arguments ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _lockstep lockstep\n",
          out);
}

/* ---- zsh ---- */

static const char zsh_begin[] =
    "#compdef lockstep\n"
    "# zsh completion for lockstep, made by `lockstep completion zsh`\n"
    "\n"
    "_lockstep_jobs() { _files -g '*.(yaml|yml|json)(-.)' }\n"
    "# names in runs/, and folders anywhere\n"
    "_lockstep_runs() {\n"
    "    local -a runs=(runs/*(N/:t))\n"
    "    compadd -a runs\n"
    "    _files -/\n"
    "}\n";

/* Text within a quoted "[…]" of _arguments or a "name:…" of _describe. */
static void put_zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out); /* ends the quotes, and begins them anew */
        else if (strchr("[]:\\", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_zsh_keys(FILE *out)
{
    fputs("_lockstep_keys() {\n"
          "    local key=${PREFIX%%=*}\n"
          "    if compset -P 1 '*='; then\n"
          "        case $key in\n",
          out);
    put_words_of_keys(out, "compadd", "");
    fputs("        esac\n"
          "    else\n"
          "        compadd -S '' --",
          out);
    put_keys(out);
    fputs("\n    fi\n}\n", out);
}

static void put_zsh_commands(FILE *out)
{
    fputs("_lockstep_commands() {\n    local -a commands=(\n", out);
    for (const lks_command *const *command = lks_commands; *command; command++) {
        if ((*command)->hidden)
            continue;
        fprintf(out, "        '%s:", (*command)->name);
        put_zsh_text(out, (*command)->summary);
        fputs("'\n", out);
    }
    fputs("    )\n    _describe command commands\n}\n_lockstep_shells() { compadd", out);
    put_shells(out);
    fputs(" }\n\n", out);
}

static void put_zsh_spelling(FILE *out, const lks_arg *option, const char *name)
{
    const value_kind *kind = kind_of_option(option);
    bool is_long = name == option->name;

    fprintf(out, " \\\n            '%s%s%s[", option->kind == LKS_ARG_LIST ? "*" : "",
            name, option->value && is_long ? "=" : "");
    put_zsh_text(out, option->help);
    fputs("]", out);
    if (option->value)
        fprintf(out, ":%s:%s", option->value, kind ? kind->zsh : "");
    fputs("'", out);
}

static void put_zsh_command(FILE *out, const lks_command *command)
{
    const value_kind *kind = kind_of_argument(command);

    fprintf(out, "    %s)\n        _arguments", command->name);
    for (size_t i = 0; i < command->n_options; i++) {
        put_zsh_spelling(out, &command->options[i], command->options[i].name);
        if (command->options[i].short_name)
            put_zsh_spelling(out, &command->options[i], command->options[i].short_name);
    }
    if (kind)
        fprintf(out, " \\\n            '1:%s:%s'", kind->name, kind->zsh);
    fputs("\n        ;;\n", out);
}

static void print_zsh(FILE *out)
{
    fputs(zsh_begin, out);
    put_zsh_keys(out);
    put_zsh_commands(out);
    fputs("_lockstep() {\n"
          "    if ((CURRENT == 2)); then\n"
          "        _lockstep_commands\n"
          "        compadd -- --help --version\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    ((CURRENT--))\n"
          "    case $words[1] in\n",
          out);
    for (const lks_command *const *command = lks_commands; *command; command++)
        if (!(*command)->hidden)
            put_zsh_command(out, *command);
    fputs("    esac\n"
          "}\n"
          "\n"
          "if [ \"$funcstack[1]\" = _lockstep ]; then # loaded as a function\n"
          "    _lockstep \"$@\"\n"
          "else\n"
          "    compdef _lockstep lockstep\n"
          "fi\n",
          out);
}

/* ---- the command ---- */

static int print_script(const lks_args *args)
{
    const char *shell = args->positional.items[0];

    for (size_t i = 0; i < N_SCRIPTS; i++)
        if (strcmp(scripts[i].shell, shell) == 0) {
            scripts[i].print(stdout);
            return lks_cli_flush() == LKS_OK ? LKS_EXIT_OK
                                             : lks_cli_failed(LKS_EXIT_FAILED);
        }
    lks_fail(LKS_INVALID, "no completion for '%s': there is one for bash and for zsh",
             shell);
    return lks_cli_failed(LKS_EXIT_USAGE);
}

static const lks_arg options[] = {LKS_ARG_HELP};

const lks_command lks_command_completion = {
    .name = "completion",
    .arguments = "SHELL",
    .summary = "Print the script by which bash or zsh completes command lines",
    .details = "SHELL is bash or zsh. For this shell: . <(lockstep completion bash); for "
               "all: see the manual page.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = print_script,
};
