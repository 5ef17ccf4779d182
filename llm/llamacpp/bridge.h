// The few calls that the Go side needs, over llama.h. They exist for one reason:
// llama.cpp is C++ and may throw, and an exception that reaches Go ends the
// process. Every call catches and gives a code instead.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bridge bridge;
typedef struct bridge_sampler bridge_sampler;

typedef struct {
    int32_t context, batch, ubatch, outputs, threads;
    bool embeddings, mmap;
    uintptr_t progress; // handed to llamaLoadProgress
} bridge_options;

typedef struct {
    int32_t context, batch, outputs, vocab, dim;
} bridge_size;

typedef struct {
    int32_t top_k, repeat;
    float top_p, min_p, temperature, penalty;
    uint32_t seed;
} bridge_sampling;

enum {
    BRIDGE_OK = 0,
    BRIDGE_ABORTED = 1,    // bridge_abort was called
    BRIDGE_LOAD = -1,      // the engine refused the file
    BRIDGE_CONTEXT = -2,   // no context, mostly for want of memory
    BRIDGE_GRAMMAR = -3,
    BRIDGE_EXCEPTION = -4,
    BRIDGE_NO_OUTPUT = -5,
    BRIDGE_STOPPED = -6,   // the progress callback returned false
    BRIDGE_NO_TOKEN = -7,  // bridge_sample: nothing is allowed
    BRIDGE_ENGINE = -100,  // less by llama_decode's own code
};

void bridge_init(void);
int bridge_open(const char * path, bridge_options o, bridge ** out);
void bridge_close(bridge * b);
int bridge_renew(bridge * b);
bridge_size bridge_sizes(const bridge * b);
void bridge_abort(bridge * b, bool on);
void bridge_threads(bridge * b, int32_t n);

int32_t bridge_tokenize(bridge * b, const char * text, int32_t len, int32_t * tokens, int32_t max, bool marks, bool parse);
int32_t bridge_piece(bridge * b, int32_t token, char * buf, int32_t len);
bool bridge_is_end(bridge * b, int32_t token);
bool bridge_is_control(bridge * b, int32_t token);

int bridge_decode(bridge * b, const int32_t * tokens, int32_t n, int32_t from, int32_t outputs);
int bridge_encode(bridge * b, const int32_t * tokens, int32_t n, float * out);
bool bridge_remove_from(bridge * b, int32_t pos);
float * bridge_logits(bridge * b, int32_t row);
double bridge_log_prob(bridge * b, int32_t row, int32_t token);

int bridge_sampler_new(bridge * b, bridge_sampling o, const char * grammar, bridge_sampler ** out);
int32_t bridge_sample(bridge_sampler * s);
void bridge_sampler_free(bridge_sampler * s);

bool bridge_tensor_type(int32_t kind, int64_t * values, size_t * bytes);

#ifdef __cplusplus
}
#endif
