/* What the status socket answers, read back by a JSON parser and line by line. */
#include "fake_run.h"

#include <jansson.h>
#include <math.h>

#include "base/alloc.h"
#include "daemon/status_view.h"

/* A reply, its body ended by a zero. */
typedef struct answer {
    unsigned code;
    const char *type, *allow;
    char body[1 << 16];
} answer;

static const answer *ask(const fake_run *run, const char *method, const char *path)
{
    static answer out;
    const lks_coordinator *const jobs[] = {run->coordinator};
    const lks_status_source source = {jobs, 1, run->now_s};
    lks_status_reply reply;

    ck_ok(lks_status_respond(&source, method, path, &reply));
    ck_assert_uint_lt(reply.body.n_bytes, sizeof out.body);
    out.code = reply.code;
    out.type = reply.content_type;
    out.allow = reply.allow;
    memcpy(out.body, reply.body.bytes, reply.body.n_bytes);
    out.body[reply.body.n_bytes] = '\0';
    lks_text_release(&reply.body);
    return &out;
}

static json_t *get_json(const fake_run *run, const char *path)
{
    const answer *reply = ask(run, "GET", path);
    json_error_t error;
    json_t *document = json_loads(reply->body, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(document != NULL, "%s: %s: %s", path, error.text, reply->body);
    ck_assert_uint_eq(reply->code, 200);
    ck_assert_str_eq(reply->type, "application/json");
    ck_assert_int_eq(reply->body[strlen(reply->body) - 1], '\n');
    return document;
}

/* The member at a path of keys and indices such as "ranks.1.host". */
static const json_t *at(const json_t *document, const char *path)
{
    char part[64];
    int n;

    for (; document && *path; path += n + (path[n] == '.')) {
        n = (int)strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", n, path);
        document = json_is_array(document)
                       ? json_array_get(document, (size_t)strtoul(part, NULL, 10))
                       : json_object_get(document, part);
    }
    ck_assert_msg(document != NULL, "no such member: %s", part);
    return document;
}

#define ck_text(document, path, text)                                                    \
    ck_assert_str_eq(json_string_value(at(document, path)), text)
#define ck_number(document, path, number)                                                \
    ck_assert_double_eq_tol(json_number_value(at(document, path)), number, 1e-6)
#define ck_null(document, path) ck_assert(json_is_null(at(document, path)))

/* Rank 1 of two stopped in backward of step 41; rank 0 waits and has reported. */
static fake_run stopped_run(void)
{
    fake_run run = fake_run_running(2);
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;

    fake_progress(&run, 0, 40, 0);
    fake_beat(&run, 1, 41, LKS__PROTO__PHASE__BACKWARD, 0.25);
    fake_wait(&run, 3);
    times.load = 1.5;
    times.reduce = 2.5;
    heartbeat.step = 41;
    heartbeat.phase = LKS__PROTO__PHASE__REDUCE;
    heartbeat.phase_s = 2.75;
    heartbeat.rss_bytes = 1 << 30;
    heartbeat.samples_per_s = 320;
    heartbeat.times = &times;
    fake_send(&run, (lks_event){.type = LKS_EVENT_HEARTBEAT, .heartbeat = &heartbeat});
    return run;
}

START_TEST(a_job_has_the_fields_users_know)
{
    fake_run run = stopped_run();
    json_t *job = get_json(&run, "/v1/jobs/mnist-7");

    ck_text(job, "id", "mnist-7");
    ck_text(job, "name", "mnist");
    ck_text(job, "state", "running");
    ck_text(job, "reason",
            "waiting 2.8 s for rank 1 (stalled in backward at step 41); "
            "rank 0 waits in reduce");
    ck_number(job, "world_size", 2);
    ck_number(job, "lanes", 8);
    ck_number(job, "progress.epoch", 0);
    ck_number(job, "progress.step", 41);
    ck_number(job, "progress.total_steps", 100);
    ck_number(job, "progress.samples", 2560);
    ck_number(job, "progress.samples_per_s", 640);
    ck_number(job, "progress.loss", 0.5);
    ck_number(job, "progress.lr", 0.01);
    ck_number(job, "progress.eta_s", 5.9); /* 59 steps of 64 at 640 samples/s */
    ck_null(job, "evaluation");
    ck_number(job, "rank_states.running", 1);
    ck_number(job, "rank_states.stalled", 1);
    ck_null(job, "last_checkpoint");
    ck_number(job, "restarts", 0);
    ck_text(job, "started_at", "2023-11-14T22:13:20Z"); /* date -u -d @1700000000 */
    json_decref(job);
    fake_run_end(&run);
}
END_TEST

START_TEST(what_is_not_known_yet_is_null)
{
    fake_run run = fake_run_start(2);
    json_t *job = get_json(&run, "/v1/jobs/mnist-7");
    json_t *ranks = get_json(&run, "/v1/jobs/mnist-7/ranks");

    ck_text(job, "state", "starting");
    ck_null(job, "progress.loss");
    ck_null(job, "progress.samples_per_s");
    ck_null(job, "progress.eta_s");
    ck_text(ranks, "ranks.0.state", "absent");
    ck_null(ranks, "ranks.0.host");
    ck_null(ranks, "ranks.0.pid");
    ck_null(ranks, "ranks.0.phase");
    ck_null(ranks, "ranks.0.heartbeat_age_s");
    json_decref(job);
    json_decref(ranks);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_healthy_job_has_no_reason)
{
    fake_run run = fake_run_running(2);
    json_t *job = get_json(&run, "/v1/jobs/mnist-7");

    ck_null(job, "reason");
    json_decref(job);
    fake_run_end(&run);
}
END_TEST

START_TEST(all_jobs_are_listed)
{
    fake_run run = stopped_run();
    json_t *jobs = get_json(&run, "/v1/jobs");

    ck_assert_uint_eq(json_array_size(at(jobs, "jobs")), 1);
    ck_text(jobs, "jobs.0.id", "mnist-7");
    ck_number(jobs, "jobs.0.progress.step", 41);
    json_decref(jobs);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_has_the_fields_users_know)
{
    fake_run run = stopped_run();
    json_t *ranks = get_json(&run, "/v1/jobs/mnist-7/ranks");

    ck_assert_uint_eq(json_array_size(at(ranks, "ranks")), 2);
    ck_number(ranks, "ranks.0.rank", 0);
    ck_text(ranks, "ranks.0.host", "node");
    ck_number(ranks, "ranks.0.pid", 100);
    ck_text(ranks, "ranks.0.device", "cpu:0");
    ck_text(ranks, "ranks.0.state", "running");
    ck_number(ranks, "ranks.0.step", 41);
    ck_text(ranks, "ranks.0.phase", "reduce");
    ck_number(ranks, "ranks.0.phase_s", 2.75);
    ck_number(ranks, "ranks.0.samples_per_s", 320);
    ck_number(ranks, "ranks.0.heartbeat_age_s", 0);
    ck_number(ranks, "ranks.0.rss_bytes", 1 << 30);
    ck_number(ranks, "ranks.0.times.load", 1.5);
    ck_number(ranks, "ranks.0.times.reduce", 2.5);
    ck_number(ranks, "ranks.0.times.update", 0);
    ck_text(ranks, "ranks.1.state", "stalled");
    ck_text(ranks, "ranks.1.phase", "backward");
    ck_number(ranks, "ranks.1.phase_s", 3.25);
    ck_number(ranks, "ranks.1.heartbeat_age_s", 3);
    json_decref(ranks);
    fake_run_end(&run);
}
END_TEST

/* Rank 0 on a GPU with a strange name, rank 1 on a CPU. */
static fake_run run_on_a_gpu(void)
{
    fake_run run = fake_run_start(2);
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__Hello hello = fake_hello(2, 0);

    hello.device = (char *)"cuda:3";
    hello.device_model = (char *)"A \"GPU\"\x1b";
    fake_say_hello(&run, &hello);
    fake_join(&run, 1);
    heartbeat.device_memory_bytes = (uint64_t)3 << 30;
    heartbeat.device_memory_peak_bytes = (uint64_t)5 << 30;
    fake_send(&run, (lks_event){.type = LKS_EVENT_HEARTBEAT, .heartbeat = &heartbeat});
    return run;
}

START_TEST(a_rank_on_a_gpu_tells_its_model_and_memory_and_one_on_a_cpu_does_not)
{
    fake_run run = run_on_a_gpu();
    json_t *ranks = get_json(&run, "/v1/jobs/mnist-7/ranks");

    ck_text(ranks, "ranks.0.device", "cuda:3");
    ck_text(ranks, "ranks.0.device_model", "A \"GPU\"?");
    ck_number(ranks, "ranks.0.device_memory_bytes", (double)((uint64_t)3 << 30));
    ck_number(ranks, "ranks.0.device_memory_peak_bytes", (double)((uint64_t)5 << 30));
    ck_assert_ptr_null(json_object_get(at(ranks, "ranks.1"), "device_model"));
    ck_assert_ptr_null(json_object_get(at(ranks, "ranks.1"), "device_memory_bytes"));
    json_decref(ranks);
    fake_run_end(&run);
}
END_TEST

START_TEST(the_time_in_a_phase_ends_with_the_rank)
{
    fake_run run = fake_run_running(1);
    json_t *ranks;

    fake_beat(&run, 0, 100, LKS__PROTO__PHASE__DONE, 0.5);
    fake_goodbye(&run, 0, LKS_OK, "");
    fake_wait(&run, 100);
    ranks = get_json(&run, "/v1/jobs/mnist-7/ranks");
    ck_text(ranks, "ranks.0.state", "gone");
    ck_number(ranks, "ranks.0.phase_s", 0.5);
    json_decref(ranks);
    fake_run_end(&run);
}
END_TEST

START_TEST(the_shards_are_told)
{
    fake_run run = fake_run_start(3);
    json_t *shards = get_json(&run, "/v1/jobs/mnist-7/shards");

    ck_assert_uint_eq(json_array_size(at(shards, "shards")), 3);
    ck_number(shards, "shards.1.rank", 1);
    ck_number(shards, "shards.1.first_lane", 2);
    ck_number(shards, "shards.1.end_lane", 5);
    json_decref(shards);
    fake_run_end(&run);
}
END_TEST

START_TEST(the_version_and_health_are_told)
{
    fake_run run = fake_run_start(1);
    json_t *version = get_json(&run, "/v1/version");

    ck_text(version, "name", "lockstep");
    ck_text(version, "api", "v1");
    ck_number(version, "protocol", LKS_PROTOCOL_VERSION);
    ck_assert_uint_ge(json_string_length(at(version, "version")), 5);
    json_decref(version);
    ck_assert_str_eq(ask(&run, "GET", "/livez")->body, "ok\n");
    ck_assert_str_eq(ask(&run, "HEAD", "/readyz")->body, "ok\n");
    ck_assert_str_eq(ask(&run, "GET", "/livez")->type, "text/plain; charset=utf-8");
    fake_run_end(&run);
}
END_TEST

START_TEST(numbers_that_json_lacks_are_null_or_cut)
{
    fake_run run = fake_run_running(1);
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    json_t *job;

    progress.loss = NAN;
    progress.lr = INFINITY;
    progress.samples = UINT64_MAX;
    progress.has_evaluation = true;
    progress.evaluation_accuracy = NAN;
    progress.evaluation_loss = 0.25;
    fake_send(&run, (lks_event){.type = LKS_EVENT_PROGRESS, .progress = &progress});
    job = get_json(&run, "/v1/jobs/mnist-7");
    ck_null(job, "progress.loss");
    ck_null(job, "progress.lr");
    ck_assert(json_integer_value(at(job, "progress.samples")) == INT64_MAX);
    ck_null(job, "evaluation.accuracy");
    ck_number(job, "evaluation.loss", 0.25);
    json_decref(job);
    fake_run_end(&run);
}
END_TEST

START_TEST(an_evaluation_says_what_it_was_on)
{
    static const struct {
        Lks__Proto__Split split;
        const char *name;
    } cases[] = {
        {LKS__PROTO__SPLIT__TEST, "test"},
        {LKS__PROTO__SPLIT__VALIDATION, "validation"},
        {(Lks__Proto__Split)77, "unknown"},
        {(Lks__Proto__Split)-1, "unknown"},
    };
    fake_run run = fake_run_running(1);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
        json_t *job;

        progress.has_evaluation = true;
        progress.evaluation_split = cases[i].split;
        progress.evaluation_accuracy = 0.5;
        progress.evaluation_loss = 0.25;
        fake_send(&run, (lks_event){.type = LKS_EVENT_PROGRESS, .progress = &progress});
        job = get_json(&run, "/v1/jobs/mnist-7");
        ck_text(job, "evaluation.split", cases[i].name);
        ck_number(job, "evaluation.accuracy", 0.5);
        json_decref(job);
    }
    fake_run_end(&run);
}
END_TEST

static void check_problem(const fake_run *run, const char *method, const char *path,
                          unsigned http_code, const char *code)
{
    const answer *reply = ask(run, method, path);
    json_t *problem = json_loads(reply->body, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_ptr_nonnull(problem);
    ck_assert_uint_eq(reply->code, http_code);
    ck_assert_str_eq(reply->type, "application/problem+json");
    ck_text(problem, "type", "about:blank");
    ck_number(problem, "status", http_code);
    ck_text(problem, "code", code);
    ck_assert_uint_gt(json_string_length(at(problem, "title")), 0);
    ck_assert_uint_gt(json_string_length(at(problem, "detail")), 0);
    json_decref(problem);
}

START_TEST(what_is_not_there_is_a_problem_with_a_stable_code)
{
    static const char *const no_paths[] = {
        "/",
        "",
        "/v1",
        "/v1/",
        "/v2/jobs",
        "/livez/",
        "/metrics?",
        "*",
        "/v1/jobs/mnist-7/",
        "/v1/jobs/mnist-7/rank",
        "/v1/jobs/mnist-7/ranks/0",
    };
    static const char *const no_jobs[] = {
        "/v1/jobs/",         "/v1/jobs/mnist",
        "/v1/jobs/mnist-77", "/v1/jobs/MNIST-7/ranks",
        "/v1/jobs//ranks",   "/v1/jobs/%s%n",
        "/v1/jobs/\xff\xfe",
    };
    fake_run run = fake_run_start(1);

    for (size_t i = 0; i < sizeof no_paths / sizeof *no_paths; i++)
        check_problem(&run, "GET", no_paths[i], 404, "not_found");
    for (size_t i = 0; i < sizeof no_jobs / sizeof *no_jobs; i++)
        check_problem(&run, "GET", no_jobs[i], 404, "job_not_found");
    fake_run_end(&run);
}
END_TEST

START_TEST(whoever_wants_to_write_is_told_what_is_allowed)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "get", "BREW", ""};
    fake_run run = fake_run_start(1);

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        check_problem(&run, methods[i], "/v1/jobs", 405, "method_not_allowed");
        ck_assert_str_eq(ask(&run, methods[i], "/v1/jobs")->allow, "GET, HEAD");
    }
    ck_assert_ptr_null(ask(&run, "GET", "/v1/jobs")->allow);
    check_problem(&run, "POST", "/nowhere", 404, "not_found");
    fake_run_end(&run);
}
END_TEST

#define ck_has_line(body, line)                                                          \
    ck_assert_msg(strstr(body, "\n" line "\n") != NULL, "no line: %s", line)

START_TEST(the_metrics_tell_job_and_ranks)
{
    fake_run run = stopped_run();
    const answer *reply = ask(&run, "GET", "/metrics");

    ck_assert_str_eq(reply->type, "text/plain; version=0.0.4; charset=utf-8");
    ck_has_line(reply->body, "# TYPE lockstep_job_step gauge");
    ck_has_line(reply->body, "lockstep_job_step{job_id=\"mnist-7\"} 41");
    ck_has_line(reply->body, "lockstep_job_loss{job_id=\"mnist-7\"} 0.5");
    ck_has_line(reply->body, "lockstep_job_samples_total{job_id=\"mnist-7\"} 2560");
    ck_has_line(reply->body,
                "lockstep_job_state{job_id=\"mnist-7\",state=\"running\"} 1");
    ck_has_line(reply->body, "lockstep_job_state{job_id=\"mnist-7\",state=\"failed\"} 0");
    ck_has_line(reply->body, "lockstep_rank_up{job_id=\"mnist-7\",rank=\"0\"} 1");
    ck_has_line(reply->body, "lockstep_rank_up{job_id=\"mnist-7\",rank=\"1\"} 0");
    ck_has_line(reply->body, "lockstep_rank_step{job_id=\"mnist-7\",rank=\"1\"} 41");
    ck_has_line(
        reply->body,
        "lockstep_rank_current_phase_seconds{job_id=\"mnist-7\",rank=\"1\"} 3.25");
    ck_has_line(reply->body, "lockstep_rank_phase_seconds_total{job_id=\"mnist-7\",rank="
                             "\"0\",phase=\"reduce\"} 2.5");
    ck_assert_int_eq(reply->body[strlen(reply->body) - 1], '\n');
    fake_run_end(&run);
}
END_TEST

START_TEST(the_metrics_of_gpus_are_those_of_ranks_that_have_one)
{
    fake_run run = run_on_a_gpu(), other = stopped_run();
    const char *body = ask(&run, "GET", "/metrics")->body;

    ck_has_line(body, "lockstep_rank_device_info{job_id=\"mnist-7\",rank=\"0\",device="
                      "\"cuda:3\",model=\"A \\\"GPU\\\"?\"} 1");
    ck_has_line(body, "lockstep_rank_device_memory_bytes{job_id=\"mnist-7\",rank=\"0\","
                      "device=\"cuda:3\"} 3221225472");
    ck_has_line(body, "lockstep_rank_device_memory_peak_bytes{job_id=\"mnist-7\",rank="
                      "\"0\",device=\"cuda:3\"} 5368709120");
    ck_assert_ptr_null(strstr(body, "device_info{job_id=\"mnist-7\",rank=\"1\""));
    ck_assert_ptr_null(
        strstr(ask(&other, "GET", "/metrics")->body, "lockstep_rank_device"));
    fake_run_end(&other);
    fake_run_end(&run);
}
END_TEST

START_TEST(metrics_are_left_out_until_they_are_known_and_spell_nan)
{
    fake_run run = fake_run_running(1);
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;

    ck_assert_ptr_null(strstr(ask(&run, "GET", "/metrics")->body, "lockstep_job_loss{"));
    progress.loss = NAN;
    progress.lr = -INFINITY;
    fake_send(&run, (lks_event){.type = LKS_EVENT_PROGRESS, .progress = &progress});
    ck_has_line(ask(&run, "GET", "/metrics")->body,
                "lockstep_job_loss{job_id=\"mnist-7\"} NaN");
    ck_has_line(ask(&run, "GET", "/metrics")->body,
                "lockstep_job_learning_rate{job_id=\"mnist-7\"} -Inf");
    fake_run_end(&run);
}
END_TEST

START_TEST(label_values_are_escaped)
{
    const lks_coordinator_options options = {
        .job_id = "a\"b\\c\nd", .job_name = "x", .world_size = 1, .lanes = 1};
    fake_run run = {.n_ranks = 1};

    ck_ok(lks_coordinator_create(&options, &run.coordinator));
    ck_has_line(ask(&run, "GET", "/metrics")->body,
                "lockstep_job_step{job_id=\"a\\\"b\\\\c?d\"} 0");
    fake_run_end(&run);
}
END_TEST

START_TEST(every_sample_belongs_to_the_metric_before_it)
{
    fake_run run = stopped_run();
    char *body = lks_strdup(ask(&run, "GET", "/metrics")->body), *rest = NULL;
    char name[128] = "";
    size_t n_metrics = 0;

    for (char *line = strtok_r(body, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (sscanf(line, "# TYPE %127s", name) == 1)
            n_metrics++;
        else if (line[0] != '#')
            ck_assert_msg(strncmp(line, name, strlen(name)) == 0 &&
                              line[strlen(name)] == '{',
                          "%s under %s", line, name);
    }
    ck_assert_uint_gt(n_metrics, 15);
    lks_free(body);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_reply_survives_every_failed_allocation)
{
    static const char *const paths[] = {
        "/livez",
        "/metrics",
        "/v1/version",
        "/v1/jobs",
        "/v1/jobs/mnist-7",
        "/v1/jobs/mnist-7/ranks",
        "/v1/jobs/mnist-7/shards",
        "/nowhere",
    };
    fake_run run = stopped_run();
    const lks_coordinator *const jobs[] = {run.coordinator};
    const lks_status_source source = {jobs, 1, run.now_s};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        lks_status_reply reply = {0};
        lks_status st;
        long n = 0;

        for (;; n++) {
            lks_error_clear();
            lks_alloc_fail_after(n);
            st = lks_status_respond(&source, "GET", paths[i], &reply);
            if (!lks_alloc_has_failed())
                break;
            ck_assert_int_eq(st, LKS_NOMEM);
            ck_assert_ptr_null(reply.body.bytes);
        }
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, LKS_OK);
        ck_assert_int_gt(n, 0);
        lks_text_release(&reply.body);
    }
    fake_run_end(&run);
}
END_TEST

LKS_SUITE("status_view", a_job_has_the_fields_users_know, what_is_not_known_yet_is_null,
          a_healthy_job_has_no_reason, all_jobs_are_listed,
          a_rank_has_the_fields_users_know,
          a_rank_on_a_gpu_tells_its_model_and_memory_and_one_on_a_cpu_does_not,
          the_metrics_of_gpus_are_those_of_ranks_that_have_one,
          the_time_in_a_phase_ends_with_the_rank, the_shards_are_told,
          the_version_and_health_are_told, numbers_that_json_lacks_are_null_or_cut,
          an_evaluation_says_what_it_was_on,
          what_is_not_there_is_a_problem_with_a_stable_code,
          whoever_wants_to_write_is_told_what_is_allowed, the_metrics_tell_job_and_ranks,
          metrics_are_left_out_until_they_are_known_and_spell_nan,
          label_values_are_escaped, every_sample_belongs_to_the_metric_before_it,
          a_reply_survives_every_failed_allocation)
