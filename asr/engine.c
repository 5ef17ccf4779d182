//go:build engines

#include "engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void drop(enum ggml_log_level level, const char * text, void * user) {
    (void) level; (void) text; (void) user;
}

void tenin_silence(void) {
    whisper_log_set(drop, NULL);
    ggml_log_set(drop, NULL);
}

// whisper_full polls its abort callback only between graphs, and one graph is the whole encoder (0.2-0.9 s). The CPU
// backend can poll before each node, but whisper.cpp keeps its backends to itself. So the linker hands us the call that
// creates them (-wrap), and a backend made while our model loads learns whom to ask.
static _Thread_local struct tenin_run * loading;

void tenin_loading(struct tenin_run * slot) {
    loading = slot;
}

static bool stopped(void * user) {
    struct tenin_run * run = user;
    return __atomic_load_n(&run->stop, __ATOMIC_RELAXED) != 0;
}

ggml_backend_t __real_ggml_backend_init_by_type(enum ggml_backend_dev_type type, const char * params);

ggml_backend_t __wrap_ggml_backend_init_by_type(enum ggml_backend_dev_type type, const char * params) {
    ggml_backend_t backend = __real_ggml_backend_init_by_type(type, params);
    if (loading && backend && ggml_backend_is_cpu(backend)) {
        ggml_backend_cpu_set_abort_callback(backend, stopped, loading);
    }
    return backend;
}

static bool encoder_begins(struct whisper_context * ctx, struct whisper_state * state, void * user) {
    (void) ctx; (void) state;
    struct tenin_run * run = user;
    run->begin_us = ggml_time_us();
    return !stopped(run);
}

// What stands before any text. It is asked between the encoder and whisper_full's own first step, so that the decoder's cache
// holds the text when the decode is done, and other texts can be scored from where they differ.
static void start_of_text(struct tenin_run * run) {
    struct whisper_context * ctx = run->ctx;
    const whisper_token sot = whisper_token_sot(ctx);
    if (whisper_decode(ctx, &sot, 1, 0, run->threads) != 0) {
        return;
    }
    const float * logits = whisper_get_logits(ctx);
    const int n = whisper_n_vocab(ctx);
    float top = logits[0];
    for (int i = 1; i < n; i++) {
        top = logits[i] > top ? logits[i] : top;
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += exp(logits[i] - top);
    }
    run->no_speech = (float) (exp(logits[whisper_token_nosp(ctx)] - top) / sum);
    const float ja = logits[whisper_token_lang(ctx, whisper_lang_id("ja"))];
    const float en = logits[whisper_token_lang(ctx, whisper_lang_id("en"))];
    run->japanese = 1.0f / (1.0f + expf(en - ja));
    run->heard = true;
}

// The same rule as loopPeriod in guard.go, which has its tests.
static bool loops(const int32_t * t, int n) {
    for (int p = 1; p <= n/3; p++) {
        const int span = 3*p > 12 ? 3*p : 12;
        if (span > n) {
            continue;
        }
        const int32_t * tail = t + n - span;
        bool same = true;
        for (int i = p; i < span && same; i++) {
            same = tail[i] == tail[i - p];
        }
        if (same) {
            return true;
        }
    }
    return false;
}

// What the clip sounds like: of the tokens that are kana the likeliest each time, until the end of text is likelier than all.
static void in_kana(struct tenin_run * run) {
    struct whisper_context * ctx = run->ctx;
    const int eot = whisper_token_eot(ctx);
    const whisper_token * next = run->kana_start;
    int n_next = run->n_kana_start, past = 0, n = 0;
    while (whisper_decode(ctx, next, n_next, past, run->threads) == 0 && !stopped(run)) {
        // Of a batch the last row alone is filled in.
        const float * logits = whisper_get_logits(ctx) + (size_t) (n_next - 1)*whisper_n_vocab(ctx);
        int best = -1, top = 0;
        for (int i = 0; i <= eot; i++) {
            top = logits[i] > logits[top] ? i : top;
            const unsigned char may = i < eot ? run->kana_may[i] : 0;
            if ((may == 1 || (may == 2 && n > 0)) && (best < 0 || logits[i] > logits[best])) {
                best = i;
            }
        }
        if (n > 0 && top == eot) {
            run->n_kana = n;
            return;
        }
        if (best < 0 || n == run->max_kana) {
            return;
        }
        run->kana[n++] = best;
        if (loops(run->kana, n)) {
            return;
        }
        past += n_next;
        next = &run->kana[n - 1];
        n_next = 1;
    }
}

// Called once after the encoder and once after each decoder step.
static bool between_graphs(void * user) {
    struct tenin_run * run = user;
    run->end_us = ggml_time_us();
    if (!run->encoded_us) {
        start_of_text(run);
        if (run->max_kana > 0) {
            in_kana(run);
        }
        run->encoded_us = run->end_us;
    }
    return run->looped || stopped(run);
}

// The natural logarithm of the sum of exp over n logits: what to take from one to have its log-probability.
static float log_sum(const float * logits, int n) {
    float top = logits[0];
    for (int j = 1; j < n; j++) {
        top = logits[j] > top ? logits[j] : top;
    }
    float sum = 0;
    for (int j = 0; j < n; j++) {
        const float d = logits[j] - top;
        if (d > -16) {
            sum += expf(d);
        }
    }
    return top + logf(sum);
}

// Sees the tokens chosen so far before each step: the only place to notice a loop while it is short.
static void watch(struct whisper_context * ctx, struct whisper_state * state, const whisper_token_data * tokens,
                  int n_tokens, float * logits, void * user) {
    (void) state;
    struct tenin_run * run = user;
    if (n_tokens > TENIN_MAX_TOKENS) {
        n_tokens = TENIN_MAX_TOKENS;
    }
    for (int i = 0; i < n_tokens; i++) {
        run->tokens[i] = tokens[i].id;
    }
    run->n_tokens = n_tokens;
    run->looped = loops(run->tokens, n_tokens);
}

void tenin_set(struct whisper_full_params * p, const struct tenin_settings * s, struct tenin_run * run) {
    run->looped = 0;
    run->heard = false;
    run->begin_us = run->encoded_us = run->end_us = 0;
    run->n_tokens = run->n_kana = 0;

    // One greedy pass: the guards in Go decide about a second one, not whisper's ladder of temperatures.
    p->temperature     = 0.0f;
    p->temperature_inc = 0.0f;
    p->greedy.best_of  = 1;
    p->no_context      = true;
    p->no_timestamps   = true;
    p->single_segment  = true;
    p->suppress_blank  = true;
    // With non-speech tokens suppressed a chime came out as おはようございます; allowed, it is an honest (音楽), which
    // hallucination.go removes. Words of speech were the same either way.
    p->suppress_nst    = false;
    p->audio_ctx       = s->audio_ctx;
    p->max_tokens      = s->max_tokens;
    p->prompt_tokens   = s->n_prompt > 0 ? s->prompt : NULL;
    p->prompt_n_tokens = s->n_prompt;
    p->initial_prompt  = NULL;

    // Nothing is thrown away in C: the thresholds in guard.go see every decode.
    p->no_speech_thold = 2.0f;
    p->logprob_thold   = -INFINITY;
    p->entropy_thold   = 0.0f;

    p->print_progress = p->print_realtime = p->print_special = p->print_timestamps = false;

    // The binding's callbacks cross into Go for nothing here.
    p->new_segment_callback = NULL;
    p->progress_callback    = NULL;

    p->encoder_begin_callback           = encoder_begins;
    p->encoder_begin_callback_user_data = run;
    p->abort_callback                   = between_graphs;
    p->abort_callback_user_data         = run;
    p->logits_filter_callback           = watch;
    p->logits_filter_callback_user_data = run;
}

// whisper_decode computes the logits behind every token of a batch and copies only the last row out of its graph. Scoring a
// text token by token would cost as much as decoding it, so the linker hands us the call that copies (-wrap), and while a
// text is being scored the other rows are read too, each into the same buffer.
static _Thread_local struct scoring {
    const whisper_token * tokens;
    int n, text; // text: how many of the vocabulary are text or its end
    int64_t vocab;
    float * row, * log_probs;
    bool done;
} * scoring;

void __real_ggml_backend_tensor_get(const struct ggml_tensor * tensor, void * data, size_t offset, size_t size);

void __wrap_ggml_backend_tensor_get(const struct ggml_tensor * tensor, void * data, size_t offset, size_t size) {
    struct scoring * s = scoring;
    const size_t row = s ? (size_t) s->vocab*sizeof(float) : 0;
    if (s && !s->done && tensor->ne[0] == s->vocab && tensor->ne[1] == s->n && size == row) {
        for (int i = 0; i + 1 < s->n; i++) {
            __real_ggml_backend_tensor_get(tensor, s->row, (size_t) i*row, row);
            s->log_probs[i] = s->row[s->tokens[i + 1]] - log_sum(s->row, s->text);
        }
        s->done = true;
    }
    __real_ggml_backend_tensor_get(tensor, data, offset, size);
}

bool tenin_score(struct whisper_context * ctx, const whisper_token * tokens, int n, int past, int threads, float * log_probs) {
    const int vocab = whisper_n_vocab(ctx);
    struct scoring s = { tokens, n, whisper_token_eot(ctx) + 1, vocab, malloc((size_t) vocab*sizeof(float)), log_probs, false };
    if (!s.row) {
        return false;
    }
    scoring = &s;
    const bool ok = whisper_decode(ctx, tokens, n, past, threads) == 0;
    scoring = NULL;
    free(s.row);
    return ok && s.done;
}
