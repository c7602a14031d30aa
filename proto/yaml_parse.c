/* libyaml's events into nodes. */
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "base/try.h"
#include "proto/yaml_text.h"

typedef struct yaml_build {
    lks_tree *tree;
    const lks_source *source;
    lks_yaml_text text;
    lks_node *root;
    lks_node *open[LKS_YAML_MAX_DEPTH]; /* lists and maps not yet closed */
    size_t depth;
    const char *key; /* read, its value to come */
    yaml_mark_t key_mark;
    size_t n_nodes, n_documents;
} yaml_build;

__attribute__((format(printf, 3, 4))) static lks_status
fail_at(const yaml_build *build, yaml_mark_t mark, const char *format, ...)
{
    va_list args;
    lks_status st;
    int line = build->source->is_file ? (int)mark.line + 1 : 0;

    va_start(args, format);
    st = lks_source_fail(build->source, line, (int)mark.column + 1, format, args);
    va_end(args);
    return st;
}

static lks_node *innermost(const yaml_build *build)
{
    return build->depth > 0 ? build->open[build->depth - 1] : NULL;
}

static bool key_is_due(const yaml_build *build)
{
    const lks_node *parent = innermost(build);
    return parent && parent->kind == LKS_NODE_MAP && !build->key;
}

static lks_status refuse_marked(const yaml_build *build, const yaml_event_t *event,
                                const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return fail_at(build, event->start_mark,
                       "an anchor '&%.32s': a job file has no anchors and aliases",
                       (const char *)anchor);
    if (tag)
        return fail_at(build, event->start_mark, "a tag '%.32s': a job file has no tags",
                       (const char *)tag);
    return LKS_OK;
}

static lks_status add_node(yaml_build *build, const yaml_event_t *event,
                           lks_node_kind kind, lks_node **out)
{
    lks_node *parent = innermost(build), *node;

    if (++build->n_nodes > LKS_YAML_MAX_NODES)
        return fail_at(build, event->start_mark, "more than %d values",
                       LKS_YAML_MAX_NODES);
    if (parent && parent->n_entries == LKS_YAML_MAX_ENTRIES)
        return fail_at(build, event->start_mark, "more than %d entries",
                       LKS_YAML_MAX_ENTRIES);
    if (!(node = lks_tree_node(build->tree, kind, build->source)))
        return LKS_NOMEM;
    if (build->source->is_file) {
        node->line = (int)event->start_mark.line + 1;
        node->column = (int)event->start_mark.column + 1;
        node->key_line = build->key ? (int)build->key_mark.line + 1 : node->line;
        node->key_column = build->key ? (int)build->key_mark.column + 1 : node->column;
    }
    node->key = build->key;
    build->key = NULL;
    if (parent)
        lks_node_append(parent, node);
    else
        build->root = node;
    *out = node;
    return LKS_OK;
}

static lks_status take_key(yaml_build *build, const yaml_event_t *event, const char *text)
{
    const lks_node *earlier = lks_node_find(innermost(build), text);
    char shown[LKS_SHOWN_TEXT];

    if (earlier && earlier->key_line > 0)
        return fail_at(build, event->start_mark, "key %s again, first in line %d",
                       lks_text_shown(text, shown), earlier->key_line);
    if (earlier)
        return fail_at(build, event->start_mark, "key %s again",
                       lks_text_shown(text, shown));
    build->key = text;
    build->key_mark = event->start_mark;
    return LKS_OK;
}

static lks_status take_scalar(yaml_build *build, const yaml_event_t *event)
{
    char *bytes = (char *)event->data.scalar.value;
    const size_t n =
        lks_yaml_text_restore(&build->text, bytes, event->data.scalar.length);
    lks_node *node;
    const char *text;

    LKS_TRY(
        refuse_marked(build, event, event->data.scalar.anchor, event->data.scalar.tag));
    if (memchr(bytes, '\0', n))
        return fail_at(build, event->start_mark, "a text with a zero byte");
    if (!(text = lks_tree_text(build->tree, bytes, n)))
        return LKS_NOMEM;
    if (key_is_due(build))
        return take_key(build, event, text);
    LKS_TRY(add_node(build, event, LKS_NODE_SCALAR, &node));
    node->text = text;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return LKS_OK;
}

static lks_status take_start(yaml_build *build, const yaml_event_t *event)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    lks_node *node;

    LKS_TRY(is_map ? refuse_marked(build, event, event->data.mapping_start.anchor,
                                   event->data.mapping_start.tag)
                   : refuse_marked(build, event, event->data.sequence_start.anchor,
                                   event->data.sequence_start.tag));
    if (key_is_due(build))
        return fail_at(build, event->start_mark, "%s where a key must stand",
                       is_map ? "a map" : "a list");
    if (build->depth == LKS_YAML_MAX_DEPTH)
        return fail_at(build, event->start_mark, "nested more than %d deep",
                       LKS_YAML_MAX_DEPTH);
    LKS_TRY(add_node(build, event, is_map ? LKS_NODE_MAP : LKS_NODE_LIST, &node));
    build->open[build->depth++] = node;
    return LKS_OK;
}

static lks_status take_event(yaml_build *build, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (build->n_documents++ > 0)
            return fail_at(build, event->start_mark,
                           "a second document starts here, a job file has one");
        return LKS_OK;
    case YAML_ALIAS_EVENT:
        return fail_at(build, event->start_mark,
                       "an alias '*%.32s': a job file has no anchors and aliases",
                       (const char *)event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        return take_scalar(build, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_start(build, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        build->depth--;
        return LKS_OK;
    default:
        return LKS_OK;
    }
}

/* The character `mark` points at; libyaml counts characters, not bytes. */
static char char_at(const char *text, size_t n_bytes, yaml_mark_t mark)
{
    size_t n_chars = 0;

    for (size_t i = 0; i < n_bytes; i++)
        if (((unsigned char)text[i] >> 6) != 0x2 && n_chars++ == mark.index)
            return text[i];
    return '\0';
}

static lks_status refuse_yaml(const yaml_build *build, const yaml_parser_t *parser)
{
    const char *text = build->text.bytes;
    const size_t n_bytes = build->text.n_bytes;
    yaml_mark_t mark = parser->problem_mark;
    const char *problem = parser->problem ? parser->problem : "it cannot be parsed";

    if (parser->error == YAML_MEMORY_ERROR)
        return lks_fail(LKS_NOMEM, "out of memory in the YAML parser");
    if (parser->error == YAML_READER_ERROR) /* it knows only how many bytes came */
        lks_yaml_text_place(&build->text, parser->problem_offset, &mark.line,
                            &mark.column);
    else if (char_at(text, n_bytes, mark) == '\t')
        problem = "a tab; indent with spaces";
    if (parser->context)
        return fail_at(build, mark, "not YAML %s: %s", parser->context, problem);
    return fail_at(build, mark, "not YAML: %s", problem);
}

lks_status lks_tree_parse(lks_tree *tree, const char *text, size_t n_bytes,
                          const lks_source *source, lks_node **root)
{
    yaml_build build = {.tree = tree, .source = source};
    yaml_parser_t parser;
    bool is_end = false;
    lks_status st = LKS_OK;

    if (n_bytes > LKS_YAML_MAX_BYTES)
        return fail_at(&build, (yaml_mark_t){0},
                       "more than %d bytes, no job is that long", LKS_YAML_MAX_BYTES);
    LKS_TRY(lks_yaml_text_bend(tree, source, text, n_bytes, &build.text));
    if (!yaml_parser_initialize(&parser))
        return lks_fail(LKS_NOMEM, "out of memory in the YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)build.text.bytes,
                                 build.text.n_bytes);
    while (!is_end && st == LKS_OK) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            st = refuse_yaml(&build, &parser);
            break;
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        st = take_event(&build, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (st == LKS_OK)
        *root = build.root;
    return st;
}
