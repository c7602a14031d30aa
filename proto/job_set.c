#include "proto/job_set.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "proto/scalar.h"

/* What an override says, and the name it goes by in errors. */
typedef struct setting {
    lks_source source;
    const char *path;
    lks_node *value;
} setting;

__attribute__((format(printf, 2, 3))) static lks_status refuse(const lks_source *source,
                                                               const char *format, ...)
{
    va_list args;
    lks_status st;

    va_start(args, format);
    st = lks_source_fail(source, 0, 0, format, args);
    va_end(args);
    return st;
}

static lks_status read_setting(lks_tree *tree, const char *override, setting **out)
{
    setting *set = lks_tree_alloc(tree, sizeof *set);
    char shown[LKS_SHOWN_TEXT], name[LKS_SHOWN_TEXT + 8];
    const char *equals = strchr(override, '=');
    size_t n;

    lks_text_shown(override, shown);
    n = (size_t)snprintf(name, sizeof name, "--set %.*s", (int)strlen(shown) - 2,
                         shown + 1);
    if (!set || !(set->source.name = lks_tree_text(tree, name, n)))
        return LKS_NOMEM;
    if (!equals || equals == override)
        return refuse(&set->source, "write it as KEY=VALUE, such as train.epochs=5");
    set->path = lks_tree_text(tree, override, (size_t)(equals - override));
    if (!set->path)
        return LKS_NOMEM;
    LKS_TRY(
        lks_tree_parse(tree, equals + 1, strlen(equals + 1), &set->source, &set->value));
    if (!set->value && !(set->value = lks_tree_node(tree, LKS_NODE_SCALAR, &set->source)))
        return LKS_NOMEM;
    *out = set;
    return LKS_OK;
}

static lks_status entry_of_list(const setting *set, const lks_node *list,
                                const char *word, lks_node **out)
{
    lks_node *node = list->first;
    lks_whole index;

    if (!lks_scalar_whole(word, &index) || index.negative ||
        index.magnitude >= list->n_entries)
        return refuse(&set->source, "no entry '%s' in a list of %zu, they count from 0",
                      word, list->n_entries);
    for (uint64_t i = 0; i < index.magnitude; i++)
        node = node->next;
    *out = node;
    return LKS_OK;
}

static lks_status entry_of_map(lks_tree *tree, const setting *set, lks_node *map,
                               const char *word, lks_node **out)
{
    *out = lks_node_find(map, word);
    if (*out)
        return LKS_OK;
    if (!(*out = lks_tree_node(tree, LKS_NODE_SCALAR, &set->source)))
        return LKS_NOMEM;
    (*out)->key = word;
    lks_node_append(map, *out);
    return LKS_OK;
}

/* The entry `word` of a node, made if need be: a section without value becomes a map,
 * and so does a bare "adam" when one of its options is set. */
static lks_status descend(lks_tree *tree, const setting *set, lks_node *node,
                          const char *word, lks_node **out)
{
    bool names_it = node->kind == LKS_NODE_SCALAR && strcmp(node->text, word) == 0;

    if (node->kind == LKS_NODE_LIST)
        return entry_of_list(set, node, word, out);
    if (names_it || lks_node_is_null(node)) {
        node->kind = LKS_NODE_MAP;
        node->text = "";
    }
    if (node->kind != LKS_NODE_MAP) {
        char shown[LKS_SHOWN_TEXT];

        return refuse(&set->source, "no key '%s' here, this is %s", word,
                      lks_node_shown(node, shown));
    }
    return entry_of_map(tree, set, node, word, out);
}

/* Its place in the tree stays, its content changes. */
static void overwrite(lks_node *node, const lks_node *value)
{
    lks_node *next = node->next;
    const char *key = node->key;

    *node = *value;
    node->next = next;
    node->key = key;
}

/* How long to train is said by epochs or by steps: setting one replaces the other. */
static void drop_rival(lks_node *root, const char *path)
{
    lks_node *train = lks_node_find(root, "train"), *rival = NULL;

    if (strcmp(path, "train.steps") == 0)
        rival = lks_node_find(train, "epochs");
    if (strcmp(path, "train.epochs") == 0)
        rival = lks_node_find(train, "steps");
    if (rival)
        lks_node_remove(train, rival);
}

lks_status lks_job_set(lks_tree *tree, lks_node *root, const char *override)
{
    lks_node *node = root;
    setting *set = NULL;

    LKS_TRY(read_setting(tree, override, &set));
    for (const char *at = set->path;;) {
        size_t n = strcspn(at, ".");
        const char *word = lks_tree_text(tree, at, n);

        if (!word)
            return LKS_NOMEM;
        LKS_TRY(descend(tree, set, node, word, &node));
        if (at[n] == '\0')
            break;
        at += n + 1;
    }
    overwrite(node, set->value);
    if (!lks_node_is_null(node))
        drop_rival(root, set->path);
    return LKS_OK;
}
