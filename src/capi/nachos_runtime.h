#pragma once

/* libnachos_runtime: runs early-exit models that nachos trained (models/NAME.safetensors), with no libtorch and no network.
 * Plain C99. No exception leaves a function. A model is for one thread at a time; different models are independent.
 *
 * A function that can fail returns a nachos_status, or NULL where it returns a pointer; nachos_error() then says in one
 * sentence what was wrong. */

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define NACHOS_API __attribute__((visibility("default")))
#else
#define NACHOS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a function or a struct changes so that programs built before no longer fit. */
#define NACHOS_RUNTIME_ABI 1

/* The values are the exit codes of the programs. */
enum nachos_status {
    NACHOS_OK = 0,
    NACHOS_FAILED = 1,       /* the machine: memory, a processor that is not supported */
    NACHOS_MISUSED = 2,      /* an argument out of range */
    NACHOS_INADMISSIBLE = 3, /* no operating point meets the limit */
    NACHOS_BAD_DATA = 4      /* the model file */
};

typedef struct nachos_model nachos_model;

/* What an inference says. */
struct nachos_result {
    int32_t label;     /* index of the class */
    int32_t exit;      /* where the sample left, counted from 0 */
    double confidence; /* of that exit, in the model's measure, in [0, 1] */
    int64_t macs;      /* multiply-accumulates executed */
};

/* What a model takes and has. */
struct nachos_info {
    int32_t height, width, channels; /* of an image, in pixels */
    int32_t classes;
    int32_t exits;  /* the final one included */
    int32_t points; /* operating points, cheapest first */
    int32_t max_batch;
};

/* One operating point: thresholds that the model was given, and what to expect of them. */
struct nachos_point {
    double budget_macs;       /* average that it was fitted for */
    double expected_avg_macs; /* on calibration data */
    double expected_accuracy; /* likewise, in [0, 1] */
};

/* Counts since the model was opened, its operating point changed, or nachos_reset_stats(). */
struct nachos_stats {
    int64_t images;
    double avg_macs;
    double p_value; /* of the exit shares being as expected (chi-square); below 0.001 the images have changed */
};

/* NACHOS_RUNTIME_ABI of the library that is loaded: compare with the one compiled against. */
NACHOS_API int nachos_runtime_abi(void);
/* e.g. "0.1.0" */
NACHOS_API const char* nachos_runtime_version(void);

/* Opens a model from a file, or from its bytes, which need not outlive the call. Up to `max_batch` samples are computed at
 * once; 1 is best where images come one by one. NULL if that fails. */
NACHOS_API nachos_model* nachos_open(const char* path, int32_t max_batch);
NACHOS_API nachos_model* nachos_open_memory(const void* bytes, size_t size, int32_t max_batch);
/* NULL is let be. */
NACHOS_API void nachos_close(nachos_model* model);

/* Why the last call on that model failed; with NULL: why this thread last failed to open one. "" if none did. Valid until
 * the next call. */
NACHOS_API const char* nachos_error(const nachos_model* model);

NACHOS_API struct nachos_info nachos_model_info(const nachos_model* model);
/* UTF-8; NULL if there is no such class. Valid until the model is closed. */
NACHOS_API const char* nachos_class_name(const nachos_model* model, int32_t label);
/* What a sample costs that leaves there; -1 if there is no such exit. */
NACHOS_API int64_t nachos_exit_macs(const nachos_model* model, int32_t exit);

NACHOS_API int nachos_point_info(nachos_model* model, int32_t point, struct nachos_point* result);
/* Share of samples expected to leave at an exit at that point, in [0, 1]; -1 if there is no such point or exit. */
NACHOS_API double nachos_expected_share(const nachos_model* model, int32_t point, int32_t exit);
/* The operating point in use; a model opens with its most accurate one. */
NACHOS_API int32_t nachos_current_point(const nachos_model* model);
/* Changes it, between two inferences; costs nothing. */
NACHOS_API int nachos_set_point(nachos_model* model, int32_t point);
/* The most accurate point that averages at most so many MACs. */
NACHOS_API int nachos_set_max_avg_macs(nachos_model* model, double max_avg_macs);

/* Classifies `count` images, bytes (N, H, W, C), of the size that nachos_model_info() says; one result each. Allocates
 * nothing. */
NACHOS_API int nachos_classify(nachos_model* model, const uint8_t* pixels, size_t count, struct nachos_result* results);

NACHOS_API struct nachos_stats nachos_model_stats(const nachos_model* model);
/* Samples that left at an exit; -1 if there is no such exit. */
NACHOS_API int64_t nachos_left_at(const nachos_model* model, int32_t exit);
/* Their mean confidence; 0 if none did or there is no such exit. */
NACHOS_API double nachos_mean_confidence(const nachos_model* model, int32_t exit);
NACHOS_API void nachos_reset_stats(nachos_model* model);

#ifdef __cplusplus
}
#endif
