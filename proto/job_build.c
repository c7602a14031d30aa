#include "proto/job_build.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_check.h"
#include "proto/job_node.h"
#include "proto/job_value.h"

/* The bytes of `prefix` and its dot if `path` lies in it: 6 for "train" and
 * "train.steps". The root, "", holds all. */
static bool lies_in(const char *path, const char *prefix, size_t *n_skipped)
{
    size_t n = strlen(prefix);

    *n_skipped = n ? n + 1 : 0;
    return n == 0 || (strncmp(path, prefix, n) == 0 && path[n] == '.');
}

/* Names of the keys and sections in a section; NULL when out of memory. */
static size_t names_in(lks_job_build *build, const char *section,
                       const char *names[LKS_JOB_N_KEYS])
{
    size_t n = 0, skipped;

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const char *path = lks_job_keys[i].path, *name;

        if (!lies_in(path, section, &skipped))
            continue;
        name = lks_tree_text(build->tree, path + skipped, strcspn(path + skipped, "."));
        if (!name)
            return 0;
        if (n == 0 || strcmp(names[n - 1], name) != 0)
            names[n++] = name;
    }
    return n;
}

/* The section of a key that is spelt right but stands in another; NULL if none. */
static const char *section_of(lks_job_build *build, const char *leaf)
{
    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const char *path = lks_job_keys[i].path, *its_leaf = lks_job_leaf(path);

        if (strcmp(its_leaf, leaf) == 0 && its_leaf != path)
            return lks_tree_text(build->tree, path, (size_t)(its_leaf - path) - 1);
    }
    return NULL;
}

static const char *shown_section(const char *section)
{
    return *section ? section : "the job";
}

static lks_status refuse_key(lks_job_build *build, const lks_node *node,
                             const char *section)
{
    const char *names[LKS_JOB_N_KEYS], *elsewhere;
    const char *where = shown_section(section);
    char shown[LKS_SHOWN_TEXT], hint[256];
    size_t n = names_in(build, section, names);

    if (n == 0)
        return LKS_NOMEM;
    lks_text_shown(node->key, shown);
    if ((elsewhere = section_of(build, node->key)) != NULL)
        return lks_node_fail_at_key(node, "unknown key %s in %s; it belongs in %s", shown,
                                    where, elsewhere);
    return lks_node_fail_at_key(
        node, "unknown key %s in %s%s", shown, where,
        lks_job_hint(node->key, names, n, "known are", hint, sizeof hint));
}

/* "train.batch_size" as one key: `path`, which the schema has, but sections are maps. */
static lks_status refuse_dotted(const lks_node *node, const char *section,
                                const char *path)
{
    const char *leaf = lks_job_leaf(path);

    return lks_node_fail_at_key(
        node, "unknown key '%s' in %s; %s belongs in the map %.*s", node->key,
        shown_section(section), leaf, (int)(leaf - path) - 1, path);
}

static bool is_section(const char *path)
{
    size_t skipped;

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++)
        if (lies_in(lks_job_keys[i].path, path, &skipped))
            return true;
    return false;
}

/* Keys stand in it; it may be one itself, as `normalize` is. */
static bool has_keys(const char *path)
{
    size_t skipped;

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++)
        if (lies_in(lks_job_keys[i].path, path, &skipped) &&
            strcmp(lks_job_keys[i].path, path) != 0)
            return true;
    return false;
}

/* Give each node of a section to its key, sections within it likewise. */
static lks_status match(lks_job_build *build, const lks_node *map, const char *section)
{
    char path[64];

    for (const lks_node *node = map->first; node; node = node->next) {
        int n = snprintf(path, sizeof path, "%s%s%s", section, *section ? "." : "",
                         node->key);
        size_t i = lks_job_key_find(path);

        if (n >= (int)sizeof path || node->key[0] == '\0' ||
            (i == LKS_JOB_N_KEYS && !is_section(path)))
            return refuse_key(build, node, section);
        if (strchr(node->key, '.'))
            return refuse_dotted(node, section, path);
        if (lks_node_is_null(node))
            continue;
        if (node->kind == LKS_NODE_MAP && has_keys(path))
            LKS_TRY(match(build, node, path));
        else if (i < LKS_JOB_N_KEYS)
            build->found[i] = node;
        else
            return lks_node_expected(node, path, "a map");
    }
    return LKS_OK;
}

/* Told where the section stands that lacks the key, or where the one around it does. */
static lks_status refuse_absence(const lks_job_build *build, const lks_job_key *key)
{
    const lks_node *section = build->root, *inner;
    const char *path = key->path, *dot;
    char name[64];

    while ((dot = strchr(path, '.')) != NULL) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        if (!(inner = lks_node_find(section, name)) || inner->kind != LKS_NODE_MAP)
            break;
        section = inner;
        path = dot + 1;
    }
    return lks_node_fail_at_key(section, "'%s' is missing%s%s: %s", path,
                                section == build->root ? "" : " in ",
                                section == build->root ? "" : section->key, key->doc);
}

static lks_status set_fallback(lks_job_build *build, const lks_job_key *key)
{
    static const lks_source schema = {.name = "job_schema.def"};
    lks_node *node = NULL;

    LKS_TRY(lks_tree_parse(build->tree, key->fallback, strlen(key->fallback), &schema,
                           &node));
    return lks_job_value(build, key, node);
}

/* What of a job a program may bring: whole keys and sections. */
static const struct {
    const char *path;
    unsigned part;
} bringable[] = {
    {"data.format", LKS_JOB_DATA},
    {"data.train", LKS_JOB_DATA},
    {"data.test", LKS_JOB_DATA},
    {"data.root", LKS_JOB_DATA},
    {"data.normalize", LKS_JOB_DATA},
    {"data.inputs", LKS_JOB_DATA},
    {"data.target", LKS_JOB_DATA},
    {"data.dtype", LKS_JOB_DATA},
    {"data.header", LKS_JOB_DATA},
    {"data.delimiter", LKS_JOB_DATA},
    {"data.missing", LKS_JOB_DATA},
    {"data.tokens", LKS_JOB_DATA},
    {"data.sequence_length", LKS_JOB_DATA},
    {"data.vocabulary", LKS_JOB_DATA},
    {"data.max_length", LKS_JOB_DATA},
    {"model", LKS_JOB_MODEL},
    {"loss", LKS_JOB_LOSS},
};

static bool is_brought(const lks_job_build *build, const char *path)
{
    size_t skipped;

    for (size_t i = 0; i < sizeof bringable / sizeof *bringable; i++)
        if ((strcmp(path, bringable[i].path) == 0 ||
             lies_in(path, bringable[i].path, &skipped)) &&
            (build->job.brought & bringable[i].part))
            return true;
    return false;
}

/* The file may not say what the program brings. */
static lks_status refuse_beside(const lks_node *found, const char *path)
{
    return found ? lks_node_fail_at_key(found, "%s is this program's own, leave it out",
                                        path)
                 : LKS_OK;
}

static lks_status set_values(lks_job_build *build)
{
    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const lks_job_key *key = &lks_job_keys[i];

        if (is_brought(build, key->path))
            LKS_TRY(refuse_beside(build->found[i], key->path));
        else if (build->found[i])
            LKS_TRY(lks_job_value(build, key, build->found[i]));
        else if (key->is_required)
            return refuse_absence(build, key);
        else if (key->fallback)
            LKS_TRY(set_fallback(build, key));
    }
    return LKS_OK;
}

lks_status lks_job_build_run(lks_job_build *build, lks_job *out)
{
    lks_job *job = &build->job;
    lks_status st;

    LKS_GO(match(build, build->root, ""));
    LKS_GO(set_values(build));
    LKS_GO(lks_job_check(build));
    if (!(job->brought & LKS_JOB_DATA) && !job->data.root && build->folder &&
        !(job->data.root = lks_strdup(build->folder)))
        LKS_GO(LKS_NOMEM);
    *out = *job;
    *job = (lks_job){0};
cleanup:
    lks_job_release(job);
    return st;
}
