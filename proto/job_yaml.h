/* Job files: YAML (JSON is a subset) to lks_job and back.
 *
 * An error is one line, "FILE:LINE:COLUMN: what was found, what is allowed", with the
 * nearest known key where one is near: LKS_INVALID for what the file says, LKS_IO for
 * what cannot be read. */
#ifndef LKS_PROTO_JOB_YAML_H
#define LKS_PROTO_JOB_YAML_H

#include "proto/job.h"

/* `overrides` are "key.sub=value" (`--set`), applied after the file, values in YAML;
 * errors in one name it as "--set key=value". *out is written only on success;
 * lks_job_release frees it. */
lks_status lks_job_read(const char *path, const char *const *overrides,
                        size_t n_overrides, lks_job *out);

/* The same for a program that brings some of it itself, as bits of LKS_JOB_DATA …: the
 * file must be silent about that. */
lks_status lks_job_read_rest(const char *path, const char *const *overrides,
                             size_t n_overrides, unsigned brought, lks_job *out);

/* The same from text; `name` stands for the file in errors. */
lks_status lks_job_parse(const char *text, size_t n_bytes, const char *name,
                         const char *const *overrides, size_t n_overrides, lks_job *out);

/* The job as YAML with all defaults filled in, which reads back as the same job (if
 * nothing of it is brought, or by who brings it again), and in
 * other YAML readers as the same values; paths may hold any bytes. *out is the caller's
 * to lks_free. LKS_INVALID: a layer, an optimiser or an option that the schema lacks. */
lks_status lks_job_format(const lks_job *job, char **out);

/* For completion: the i-th key that a job may have, such as "train.steps", NULL behind
 * the last; and the words it may be, NULL-ended, or NULL where it takes other values. */
const char *lks_job_key_name(size_t i);
const char *const *lks_job_key_words(size_t i);

#endif
