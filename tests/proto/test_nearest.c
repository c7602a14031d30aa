#include "support/suite.h"

#include <stdio.h>

#include "proto/job_yaml.h"
#include "proto/nearest.h"

START_TEST(the_nearest_word_is_at_most_two_slips_away)
{
    static const char *const words[] = {"epochs", "batch_size", "lr", "conv2d", "relu"};
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"epochs", "epochs"},
        {"epoch", "epochs"},
        {"epcohs", "epochs"},
        {"EPOCHS", "epochs"},
        {"eopchss", "epochs"},
        {"ep", NULL},
        {"eeppoocchhs", NULL},
        {"bachsize", "batch_size"},
        {"l", NULL},
        {"lx", NULL},
        {"rl", NULL},
        {"Conv2D", "conv2d"},
        {"conv", "conv2d"},
        {"batch", "batch_size"},
        {"", NULL},
        {"rel", "relu"},
        {"a word far longer than any that is known here", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = lks_nearest(cases[i].word, words, 5);

        ck_assert_msg((got == NULL) == (cases[i].want == NULL), "%s: %s", cases[i].word,
                      got ? got : "none");
        if (got)
            ck_assert_str_eq(got, cases[i].want);
    }
    ck_assert_ptr_null(lks_nearest("epochs", words, 0));
}
END_TEST

/* What a job is told whose layer, optimizer, loss or format is called so. */
static const char *told(const char *override, const char *name)
{
    static const char job[] = "job: j\n"
                              "data: {format: idx, train: {images: a, labels: b}}\n"
                              "model: [relu]\n"
                              "loss: cross_entropy\n"
                              "optimizer: sgd\n"
                              "train: {epochs: 1, batch_size: 1}\n";
    char text[128];
    const char *const overrides[] = {text};
    lks_job parsed;

    snprintf(text, sizeof text, "%s=%s", override, name);
    lks_error_clear();
    ck_assert_int_eq(lks_job_parse(job, strlen(job), "j.yaml", overrides, 1, &parsed),
                     LKS_INVALID);
    return lks_error_text();
}

START_TEST(a_name_of_something_else_is_no_slip)
{
    static const struct {
        const char *key, *names[64];
        const char *known; /* in the line: what there is instead */
    } cases[] = {
        {"model.0",
         {"rrelu",     "geglu",        "swish",     "tan",         "atanh",
          "swiglu",    "glu",          "maxout",    "softmax2d",   "logsumexp",
          "pool",      "conv3d",       "Conv3d",    "MaxPool3d",   "dropout3d",
          "Dropout3d", "lazy_linear",  "lp_pool2d", "log",         "hardmish",
          "hardmax",   "max_unpool2d", "rmsnorm",   "squared_relu"},
         "known are linear, conv2d, max_pool2d, relu"},
        {"optimizer",
         {"adamp", "AdamP", "adams", "adabelief", "qadam", "sgdm", "psgd", "adan", "adai",
          "ada", "sparse_adam", "adafactor", "lion", "lars", "sgdp"},
         "known are sgd, adam"},
        {"loss",
         {"mae_loss", "bce_loss", "bce_with_logits", "focal_loss", "ctc_loss", "dice",
          "triplet", "hinge"},
         "known are cross_entropy, mse_loss"},
        {"data.format", {"cifar100", "mnist", "tsv", "hdf5"}, "one of idx, npy"},
    };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t i = 0; cases[c].names[i]; i++) {
            const char *text = told(cases[c].key, cases[c].names[i]);

            ck_assert_msg(!strstr(text, "did you mean"), "%s", text);
            ck_assert_msg(strstr(text, cases[c].known), "%s", text);
        }
}
END_TEST

START_TEST(a_plain_slip_gets_the_word)
{
    static const struct {
        const char *key, *name, *meant;
    } cases[] = {
        {"model.0", "rlu", "relu"},
        {"model.0", "realu", "relu"},
        {"model.0", "reul", "relu"},
        {"model.0", "rleu", "relu"},
        {"model.0", "ReLU", "relu"},
        {"model.0", "tahn", "tanh"},
        {"model.0", "drpout", "dropout"},
        {"model.0", "drop_out", "dropout"},
        {"model.0", "Dropot", "dropout"},
        {"model.0", "lineer", "linear"},
        {"model.0", "sigmod", "sigmoid"},
        {"model.0", "sofmax", "softmax"},
        {"model.0", "LogSoftmax", "log_softmax"},
        {"model.0", "MaxPool2d", "max_pool2d"},
        {"model.0", "max_pol2d", "max_pool2d"},
        {"model.0", "con2d", "conv2d"},
        {"model.0", "flat", "flatten"},
        {"model.0", "GELU", "gelu"},
        {"model.0", "hard_sigmoid", "hardsigmoid"},
        {"model.0", "LeakyReLU", "leaky_relu"},
        {"model.0", "geluu", "gelu"},
        {"optimizer", "adm", "adam"},
        {"optimizer", "adma", "adam"},
        {"optimizer", "Adam", "adam"},
        {"optimizer", "sdg", "sgd"},
        {"optimizer", "SGD", "sgd"},
        {"loss", "cross_entrpy", "cross_entropy"},
        {"loss", "CrossEntropyLoss", "cross_entropy"},
        {"loss", "MSELoss", "mse_loss"},
        {"loss", "mse", "mse_loss"},
        {"loss", "L1Loss", "l1_loss"},
        {"loss", "NLLLoss", "nll_loss"},
        {"loss", "HuberLoss", "huber_loss"},
        {"loss", "SmoothL1Loss", "smooth_l1_loss"},
        {"loss", "KLDivLoss", "kl_div"},
        {"loss", "GaussianNLLLoss", "gaussian_nll_loss"},
        {"loss", "BinaryCrossEntropyWithLogits", "binary_cross_entropy_with_logits"},
        {"data.format", "idxx", "idx"},
        {"data.format", "CIFAR10", "cifar10"},
        {"train.reduction", "odered", "ordered"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = told(cases[i].key, cases[i].name);
        char want[64];

        snprintf(want, sizeof want, "did you mean '%s'?", cases[i].meant);
        ck_assert_msg(strstr(text, want) != NULL, "%s", text);
    }
}
END_TEST

START_TEST(a_beginning_of_several_words_means_none)
{
    static const char *const words[] = {"every_steps", "every_epochs", "keep"};

    ck_assert_ptr_null(lks_nearest("every", words, 3));
    ck_assert_str_eq(lks_nearest("every_s", words, 3), "every_steps");
}
END_TEST

START_TEST(a_beginning_of_several_names_of_layers_gets_the_shortest_of_them)
{
    static const char *const many[] = {"pool1", "pool2", "pool3", "pool4", "pool5"};
    const char *near[LKS_NEAREST_MAX];

    ck_assert_ptr_nonnull(
        strstr(told("model.0", "conv"), "; did you mean 'conv1d' or 'conv2d'?"));
    ck_assert_ptr_nonnull(strstr(told("model.0", "BatchNorm"),
                                 "; did you mean 'batch_norm1d' or 'batch_norm2d'?"));
    ck_assert_uint_eq(lks_nearest_words("pool", many, 5, near), 0);
    ck_assert_uint_eq(lks_nearest_words("pool", many, 3, near), 3);
    ck_assert_str_eq(near[2], "pool3");
}
END_TEST

LKS_SUITE("nearest", the_nearest_word_is_at_most_two_slips_away,
          a_name_of_something_else_is_no_slip, a_plain_slip_gets_the_word,
          a_beginning_of_several_words_means_none,
          a_beginning_of_several_names_of_layers_gets_the_shortest_of_them)
