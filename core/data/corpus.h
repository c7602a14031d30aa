/* Files of text and their vocabularies: what the formats text, labelled and pairs stand
 * on. Private to core/data. */
#ifndef LKS_DATA_CORPUS_H
#define LKS_DATA_CORPUS_H

#include "data/dataset.h"
#include "io/block.h"
#include "text/token_counts.h"

/* What stands in the files. */
typedef enum lks_corpus_kind {
    LKS_CORPUS_RUNNING,  /* format text */
    LKS_CORPUS_LABELLED, /* a line a sample: its text, a tab, its label */
    LKS_CORPUS_PAIRS,    /* two files, a line of each a sample; of inputs alone, one */
} lks_corpus_kind;

typedef struct lks_corpus_file {
    char *path;
    lks_block text;
} lks_corpus_file;

typedef struct lks_corpus {
    lks_corpus_kind kind;
    lks_text_options options;
    int n_files;
    lks_corpus_file files[LKS_DATASET_MAX_FILES];
    lks_vocab *vocabs[LKS_DATASET_MAX_VOCABS];
    int n_vocabs;
    uint64_t fingerprint; /* of the files and the vocabularies */
} lks_corpus;

/* The files, none of them empty, and the vocabularies that the source brings or that are
 * counted here.
 *   errors  LKS_IO; LKS_FORMAT: an empty file, text that is not UTF-8; those of
 *           lks_vocab_of_counts */
lks_status lks_corpus_open(const lks_dataset_source *source, lks_corpus **out);
/* The same of a corpus whose files are there. */
lks_status lks_corpus_settle(lks_corpus *corpus, const lks_dataset_source *source);
void lks_corpus_close(lks_corpus *corpus); /* NULL is fine */

/* A line of a labelled file: its text, and its label if there is one. */
typedef struct lks_labelled {
    lks_token text, label;
    bool has_label;
} lks_labelled;

lks_labelled lks_corpus_labelled(lks_token line);

/* LKS_IO: a file has become shorter. */
lks_status lks_corpus_check(const lks_corpus *corpus);

/* For the table of a dataset: what the corpus has settled. */
lks_table lks_corpus_table(const lks_corpus *corpus);

/* Datasets of a settled corpus, which is theirs from here on, also after a failure. */
lks_status lks_running_of(lks_corpus *corpus, const lks_dataset_source *source,
                          lks_dataset **out);
lks_status lks_lines_of(lks_corpus *corpus, const lks_dataset_source *source,
                        lks_dataset **out);

#endif
