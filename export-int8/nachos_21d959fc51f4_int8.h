/* Written by nachos 0.1.0 from architecture 21d959fc51f4. Weights and tables 15133 bytes, activations 3092 bytes. */
#ifndef NACHOS_21D959FC51F4_INT8_H
#define NACHOS_21D959FC51F4_INT8_H

#include <stdint.h>

#define NACHOS_21D959FC51F4_INT8_HEIGHT 16
#define NACHOS_21D959FC51F4_INT8_WIDTH 16
#define NACHOS_21D959FC51F4_INT8_CHANNELS 1
#define NACHOS_21D959FC51F4_INT8_CLASSES 4
#define NACHOS_21D959FC51F4_INT8_EXITS 2             /* early ones and the final one */
#define NACHOS_21D959FC51F4_INT8_LAYERS 27
#define NACHOS_21D959FC51F4_INT8_POINTS 1           /* operating points, cheapest first */
#define NACHOS_21D959FC51F4_INT8_DEFAULT_POINT 0     /* the most accurate */
#define NACHOS_21D959FC51F4_INT8_ARENA_BYTES 3092       /* static memory for activations */
#define NACHOS_21D959FC51F4_INT8_FLASH_BYTES 15133       /* constants; code comes on top */

#ifdef __cplusplus
extern "C" {
#endif

struct nachos_21d959fc51f4_int8_result {
    int label;          /* index into nachos_21d959fc51f4_int8_class_names */
    int exit;           /* that it left at, from 0 */
    float confidence;   /* of that exit, in [0, 1] */
    uint32_t macs;      /* multiply-accumulates spent */
};

extern const char *const nachos_21d959fc51f4_int8_class_names[NACHOS_21D959FC51F4_INT8_CLASSES];
extern const double nachos_21d959fc51f4_int8_budget_macs[NACHOS_21D959FC51F4_INT8_POINTS];   /* average that a point was fitted for */

/* Classifies an image: bytes (height, width, channels), rows top to bottom. Stops at the first exit that is confident enough at
   the operating point. Returns 0, or -1 if there is no such point. One call at a time: memory is static. */
int nachos_21d959fc51f4_int8_classify(const uint8_t *image, int point, struct nachos_21d959fc51f4_int8_result *result);

/* The same step by step: begin, then advance (0 behind the final exit; else logits, then the gate of an exit that has one, valid
   until the next call) until leaves says 1 and fills the result. */
void nachos_21d959fc51f4_int8_begin(const uint8_t *image);
const float *nachos_21d959fc51f4_int8_advance(void);
int nachos_21d959fc51f4_int8_leaves(int point, struct nachos_21d959fc51f4_int8_result *result);

#ifdef NACHOS_21D959FC51F4_INT8_COUNT_LAYERS
extern unsigned long nachos_21d959fc51f4_int8_layer_runs[NACHOS_21D959FC51F4_INT8_LAYERS];   /* how often each layer ran: none behind an exit taken */
#endif

#ifdef __cplusplus
}
#endif

#endif
