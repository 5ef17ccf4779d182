// What whisper.cpp's Go binding leaves out, on the same C structs: see engine.c.
#ifndef TENIN_ASR_ENGINE_H
#define TENIN_ASR_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <whisper.h>

#define TENIN_MAX_TOKENS 256

// One decode. stop is written by another thread (atomically, in Go); everything else belongs to the engine's thread.
struct tenin_run {
    struct whisper_context * ctx;
    int threads;
    int32_t stop;
    int32_t looped;
    bool  heard;               // whether the next two stand
    float no_speech, japanese; // probability that nobody spoke, and of Japanese against English
    int64_t begin_us, encoded_us, end_us; // 0 where the decode did not come so far
    int32_t n_tokens;
    int32_t tokens[TENIN_MAX_TOKENS];
    // The clip as it sounds, in the n_kana tokens that kana_may (of each token of text: 0 never, 1 anywhere, 2 but at the
    // beginning) allows, behind kana_start. It is written before the text, where max_kana, at most TENIN_MAX_TOKENS, is not 0;
    // n_kana is 0 where the decoder came to no end in so many.
    const whisper_token * kana_start;
    int n_kana_start, max_kana, n_kana;
    const unsigned char * kana_may;
    int32_t kana[TENIN_MAX_TOKENS];
};

struct tenin_settings {
    int audio_ctx;
    int max_tokens;
    const whisper_token * prompt;
    int n_prompt;
};

// Drops every message of whisper and ggml: they may carry words.
void tenin_silence(void);

// While slot is not NULL, CPU backends that this thread creates ask it before each graph node whether to stop.
void tenin_loading(struct tenin_run * slot);

void tenin_set(struct whisper_full_params * p, const struct tenin_settings * s, struct tenin_run * run);

// Feeds n tokens at position past to the decoder, on the encoding that the last decode left behind, and writes to log_probs[i] (n - 1 of them) the natural logarithm of
// the probability of tokens[i + 1] behind those before it, among text and its end. Returns false when the decoder fails.
bool tenin_score(struct whisper_context * ctx, const whisper_token * tokens, int n, int past, int threads, float * log_probs);

#endif
