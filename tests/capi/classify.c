/* A user of libnachos_runtime in C99: classifies raw images at every operating point, one line each, then what was counted.
 * Usage: capi_test_program MODEL RAW MAX_BATCH */

#include "nachos_runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char *read_all(const char *path, size_t *size) {
    FILE *in = fopen(path, "rb");
    unsigned char *bytes;
    if (in == NULL || fseek(in, 0, SEEK_END) != 0) exit(9);
    *size = (size_t)ftell(in);
    rewind(in);
    bytes = malloc(*size + 1);
    if (bytes == NULL || fread(bytes, 1, *size, in) != *size) exit(9);
    fclose(in);
    return bytes;
}

static int fail(const nachos_model *model, int status) {
    fprintf(stderr, "%d: %s\n", status, nachos_error(model));
    return status;
}

int main(int argc, char **argv) {
    nachos_model *model;
    struct nachos_info info;
    struct nachos_result *results;
    unsigned char *pixels;
    size_t size, count, i;
    int32_t point, exit_;
    int status;
    if (argc != 4) return 9;
    if (nachos_runtime_abi() != NACHOS_RUNTIME_ABI) return 8;
    model = nachos_open(argv[1], (int32_t)atoi(argv[3]));
    if (model == NULL) return fail(NULL, 1);
    info = nachos_model_info(model);
    pixels = read_all(argv[2], &size);
    count = size / ((size_t)info.height * (size_t)info.width * (size_t)info.channels);
    results = calloc(count, sizeof *results);
    if (results == NULL) return 9;
    for (point = 0; point < info.points; ++point) {
        struct nachos_stats stats;
        status = nachos_set_point(model, point);
        if (status == NACHOS_OK) status = nachos_classify(model, pixels, count, results);
        if (status != NACHOS_OK) return fail(model, status);
        for (i = 0; i < count; ++i)
            printf("%" PRId32 " %s %" PRId32 " %.17g %" PRId64 "\n", point, nachos_class_name(model, results[i].label),
                   results[i].exit, results[i].confidence, results[i].macs);
        stats = nachos_model_stats(model);
        printf("stats %" PRId64 " %.17g", stats.images, stats.avg_macs);
        for (exit_ = 0; exit_ < info.exits; ++exit_) printf(" %" PRId64, nachos_left_at(model, exit_));
        printf("\n");
    }
    free(results);
    free(pixels);
    nachos_close(model);
    return 0;
}
