//go:build engines

#include "bridge.h"

#if !__has_include("llama.h")
#error "llama.h is not found: put the engine's include folder on C_INCLUDE_PATH and on CPLUS_INCLUDE_PATH"
#endif
#include "llama.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <new>
#include <string>
#include <vector>

extern "C" bool llamaLoadProgress(uintptr_t handle, float done);

struct bridge {
    llama_model * model = nullptr;
    llama_context * ctx = nullptr;
    const llama_vocab * vocab = nullptr;
    llama_context_params params{};
    llama_batch batch{};
    int32_t batch_size = 0;
    std::vector<int32_t> rows; // place in the last batch of each row of logits
    std::atomic<bool> abort{false};
};

struct bridge_sampler {
    bridge * b = nullptr;
    llama_sampler * chain = nullptr;
    llama_sampler * grammar = nullptr;
    bool greedy = false;
    std::vector<llama_token_data> candidates;
};

namespace {

struct load_state {
    uintptr_t handle;
    bool stopped;
};

bool on_progress(float done, void * data) {
    auto * s = static_cast<load_state *>(data);
    if (llamaLoadProgress(s->handle, done)) {
        return true;
    }
    s->stopped = true;
    return false;
}

bool on_abort(void * data) {
    return static_cast<bridge *>(data)->abort.load(std::memory_order_relaxed);
}

void on_log(enum ggml_log_level, const char *, void *) {
}

int result(bridge * b, int code) {
    if (code == 0) {
        return BRIDGE_OK;
    }
    if (code == 2 || b->abort.load()) {
        return BRIDGE_ABORTED;
    }
    return BRIDGE_ENGINE - std::abs(code);
}

// fill writes tokens of sequence 0 into the batch; the last outputs get a row.
void fill(bridge * b, const int32_t * tokens, int32_t n, int32_t from, int32_t outputs) {
    b->rows.clear();
    b->batch.n_tokens = n;
    for (int32_t i = 0; i < n; i++) {
        b->batch.token[i] = tokens[i];
        b->batch.pos[i] = from + i;
        b->batch.n_seq_id[i] = 1;
        b->batch.seq_id[i][0] = 0;
        b->batch.logits[i] = i >= n - outputs;
        if (b->batch.logits[i]) {
            b->rows.push_back(i);
        }
    }
}

// candidates are rebuilt for each choice, for samplers reorder and cut them.
llama_token_data_array candidates(bridge_sampler * s, const float * logits) {
    const int32_t n = llama_vocab_n_tokens(s->b->vocab);
    s->candidates.resize(n);
    for (int32_t i = 0; i < n; i++) {
        s->candidates[i] = {i, logits[i], 0.0f};
    }
    return {s->candidates.data(), s->candidates.size(), -1, false};
}

bool any_allowed(const llama_token_data_array & c) {
    for (size_t i = 0; i < c.size; i++) {
        if (c.data[i].logit > -INFINITY) {
            return true;
        }
    }
    return false;
}

// allowed asks the grammar about one token, which is far cheaper than all.
bool allowed(bridge_sampler * s, llama_token token) {
    llama_token_data one = {token, 1.0f, 0.0f};
    llama_token_data_array a = {&one, 1, -1, false};
    llama_sampler_apply(s->grammar, &a);
    return one.logit > -INFINITY;
}

// likeliest_allowed finds the first token that the grammar allows, from the
// likeliest down. To ask the grammar about all of Gemma's 262,144 tokens takes
// tens of milliseconds, and mostly one of the first few hundred will do.
int32_t likeliest_allowed(bridge_sampler * s, llama_token_data_array & c) {
    auto likelier = [](const llama_token_data & a, const llama_token_data & b) { return a.logit > b.logit; };
    llama_token_data * at = c.data;
    llama_token_data * const end = c.data + c.size;
    for (size_t step = 128; at < end; step *= 16) {
        llama_token_data * const to = std::min(end, at + std::min(step, (size_t) (end - at)));
        std::partial_sort(at, to, end, likelier);
        std::vector<llama_token_data> some(at, to);
        llama_token_data_array part = {some.data(), some.size(), -1, true};
        llama_sampler_apply(s->grammar, &part);
        for (size_t i = 0; i < part.size; i++) {
            if (part.data[i].logit > -INFINITY) {
                return part.data[i].id;
            }
        }
        at = to;
    }
    return BRIDGE_NO_TOKEN;
}

// give_back returns freed heap to the kernel. Reading a vocabulary of a quarter of
// a million tokens leaves tens of megabytes of holes behind.
void give_back() {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// drop_unused_rows gives memory back to the kernel. For each token that it embeds
// the engine reserves a row of logits that an encoder never has: 1 MB a token
// with the vocabulary of multilingual e5, 420 MB after a text of 421 tokens.
void drop_unused_rows(bridge * b, int32_t rows) {
    auto at = (uintptr_t) llama_get_logits(b->ctx);
    if (!at) {
        return;
    }
    const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
    const uintptr_t end = (at + sizeof(float) * rows * (size_t) llama_vocab_n_tokens(b->vocab)) / page * page;
    at = (at + page - 1) / page * page;
    if (at < end) {
        madvise((void *) at, end - at, MADV_DONTNEED);
    }
}

int32_t pick(bridge_sampler * s, llama_token_data_array & c) {
    llama_sampler_apply(s->chain, &c);
    if (c.selected < 0 || (size_t) c.selected >= c.size || !(c.data[c.selected].logit > -INFINITY)) {
        return BRIDGE_NO_TOKEN;
    }
    return c.data[c.selected].id;
}

} // namespace

void bridge_init(void) {
    llama_log_set(on_log, nullptr);
    llama_backend_init();
}

int bridge_open(const char * path, bridge_options o, bridge ** out) {
    auto * b = new (std::nothrow) bridge;
    if (!b) {
        return BRIDGE_CONTEXT;
    }
    try {
        load_state state = {o.progress, false};
        auto mp = llama_model_default_params();
        mp.n_gpu_layers = 0;
        mp.use_mmap = o.mmap;
        mp.progress_callback = on_progress;
        mp.progress_callback_user_data = &state;
        b->model = llama_model_load_from_file(path, mp);
        if (!b->model) {
            bridge_close(b);
            return state.stopped ? BRIDGE_STOPPED : BRIDGE_LOAD;
        }
        b->vocab = llama_model_get_vocab(b->model);
        auto & p = b->params = llama_context_default_params();
        p.n_ctx = o.context;
        p.n_batch = o.embeddings ? o.context : o.batch;
        p.n_ubatch = o.embeddings ? o.context : o.ubatch;
        p.n_seq_max = 1;
        p.n_threads = p.n_threads_batch = o.threads;
        p.abort_callback = on_abort;
        p.abort_callback_data = b;
        // Sliding-window layers keep all positions, or a prefix could not be reused.
        p.swa_full = true;
        if (o.embeddings) {
            p.embeddings = true;
            p.pooling_type = LLAMA_POOLING_TYPE_MEAN;
        } else {
            p.n_outputs_max = o.outputs;
        }
        b->batch_size = p.n_batch;
        b->batch = llama_batch_init(p.n_batch, 0, 1);
        const int code = bridge_renew(b);
        if (code != BRIDGE_OK) {
            bridge_close(b);
            return code;
        }
    } catch (...) {
        bridge_close(b);
        return BRIDGE_EXCEPTION;
    }
    give_back();
    *out = b;
    return BRIDGE_OK;
}

void bridge_close(bridge * b) {
    if (!b) {
        return;
    }
    try {
        if (b->ctx) {
            llama_free(b->ctx);
        }
        if (b->batch.token) {
            llama_batch_free(b->batch);
        }
        if (b->model) {
            llama_model_free(b->model);
        }
    } catch (...) {
    }
    delete b;
    give_back();
}

int bridge_renew(bridge * b) {
    try {
        if (b->ctx) {
            if (auto mem = llama_get_memory(b->ctx)) {
                llama_memory_clear(mem, true);
            }
            for (size_t i = 0; i < b->rows.size(); i++) {
                if (float * row = bridge_logits(b, (int32_t) i)) {
                    memset(row, 0, sizeof(float) * llama_vocab_n_tokens(b->vocab));
                }
            }
            if (b->params.embeddings) {
                if (float * e = llama_get_embeddings_seq(b->ctx, 0)) {
                    memset(e, 0, sizeof(float) * llama_model_n_embd_out(b->model));
                }
            }
            llama_free(b->ctx);
            b->ctx = nullptr;
        }
        memset(b->batch.token, 0, sizeof(llama_token) * b->batch_size);
        b->rows.clear();
        b->ctx = llama_init_from_model(b->model, b->params);
        return b->ctx ? BRIDGE_OK : BRIDGE_CONTEXT;
    } catch (...) {
        return BRIDGE_EXCEPTION;
    }
}

bridge_size bridge_sizes(const bridge * b) {
    bridge_size s = {};
    s.context = (int32_t) llama_n_ctx(b->ctx);
    s.batch = (int32_t) llama_n_batch(b->ctx);
    s.outputs = b->params.n_outputs_max ? (int32_t) b->params.n_outputs_max : s.batch;
    s.vocab = llama_vocab_n_tokens(b->vocab);
    s.dim = llama_model_n_embd_out(b->model);
    return s;
}

void bridge_abort(bridge * b, bool on) {
    b->abort.store(on);
}

void bridge_threads(bridge * b, int32_t n) {
    if (b->ctx) {
        llama_set_n_threads(b->ctx, n, n);
    }
}

int32_t bridge_tokenize(bridge * b, const char * text, int32_t len, int32_t * tokens, int32_t max, bool marks, bool parse) {
    try {
        return llama_tokenize(b->vocab, text, len, tokens, max, marks, parse);
    } catch (...) {
        return INT32_MIN;
    }
}

int32_t bridge_piece(bridge * b, int32_t token, char * buf, int32_t len) {
    try {
        return llama_token_to_piece(b->vocab, token, buf, len, 0, false);
    } catch (...) {
        return 0;
    }
}

bool bridge_is_end(bridge * b, int32_t token) {
    return llama_vocab_is_eog(b->vocab, token);
}

bool bridge_is_control(bridge * b, int32_t token) {
    return llama_vocab_is_control(b->vocab, token);
}

int bridge_decode(bridge * b, const int32_t * tokens, int32_t n, int32_t from, int32_t outputs) {
    if (!b->ctx || n <= 0 || n > b->batch_size) {
        return BRIDGE_CONTEXT;
    }
    if (b->abort.load()) {
        return BRIDGE_ABORTED;
    }
    try {
        fill(b, tokens, n, from, outputs);
        const int code = result(b, llama_decode(b->ctx, b->batch));
        if (code != BRIDGE_OK) {
            b->rows.clear();
        }
        return code;
    } catch (...) {
        b->rows.clear();
        return BRIDGE_EXCEPTION;
    }
}

int bridge_encode(bridge * b, const int32_t * tokens, int32_t n, float * out) {
    if (!b->ctx || n <= 0 || n > b->batch_size) {
        return BRIDGE_CONTEXT;
    }
    if (b->abort.load()) {
        return BRIDGE_ABORTED;
    }
    try {
        auto mem = llama_get_memory(b->ctx);
        if (mem) {
            llama_memory_clear(mem, true);
        }
        fill(b, tokens, n, 0, n);
        b->rows.clear();
        const int code = result(b, mem ? llama_decode(b->ctx, b->batch) : llama_encode(b->ctx, b->batch));
        if (code != BRIDGE_OK) {
            return code;
        }
        const float * e = llama_get_embeddings_seq(b->ctx, 0);
        if (!e) {
            return BRIDGE_NO_OUTPUT;
        }
        memcpy(out, e, sizeof(float) * llama_model_n_embd_out(b->model));
        if (!mem) {
            drop_unused_rows(b, n);
        }
        return BRIDGE_OK;
    } catch (...) {
        return BRIDGE_EXCEPTION;
    }
}

bool bridge_remove_from(bridge * b, int32_t pos) {
    try {
        auto mem = b->ctx ? llama_get_memory(b->ctx) : nullptr;
        return mem && llama_memory_seq_rm(mem, 0, pos, -1);
    } catch (...) {
        return false;
    }
}

float * bridge_logits(bridge * b, int32_t row) {
    try {
        if (!b->ctx || row < 0 || (size_t) row >= b->rows.size()) {
            return nullptr;
        }
        return llama_get_logits_ith(b->ctx, b->rows[row]);
    } catch (...) {
        return nullptr;
    }
}

double bridge_log_prob(bridge * b, int32_t row, int32_t token) {
    const float * x = bridge_logits(b, row);
    const int32_t n = llama_vocab_n_tokens(b->vocab);
    if (!x || token < 0 || token >= n) {
        return -INFINITY;
    }
    float top = -INFINITY;
    for (int32_t i = 0; i < n; i++) {
        top = x[i] > top ? x[i] : top;
    }
    double sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += expf(x[i] - top);
    }
    return (double) x[token] - top - log(sum);
}

int bridge_sampler_new(bridge * b, bridge_sampling o, const char * grammar, bridge_sampler ** out) {
    bridge_sampler * s = nullptr;
    try {
        s = new bridge_sampler;
        s->b = b;
        s->chain = llama_sampler_chain_init(llama_sampler_chain_default_params());
        if (o.penalty != 1.0f && o.repeat != 0) {
            llama_sampler_chain_add(s->chain, llama_sampler_init_penalties(o.repeat, o.penalty, 0, 0));
        }
        s->greedy = o.temperature <= 0 && o.penalty == 1.0f;
        if (o.temperature <= 0) {
            llama_sampler_chain_add(s->chain, llama_sampler_init_greedy());
        } else {
            if (o.top_k > 0) {
                llama_sampler_chain_add(s->chain, llama_sampler_init_top_k(o.top_k));
            }
            if (o.top_p < 1) {
                llama_sampler_chain_add(s->chain, llama_sampler_init_top_p(o.top_p, 1));
            }
            if (o.min_p > 0) {
                llama_sampler_chain_add(s->chain, llama_sampler_init_min_p(o.min_p, 1));
            }
            llama_sampler_chain_add(s->chain, llama_sampler_init_temp(o.temperature));
            llama_sampler_chain_add(s->chain, llama_sampler_init_dist(o.seed));
        }
        if (grammar && *grammar) {
            s->grammar = llama_sampler_init_grammar(b->vocab, grammar, "root");
            if (!s->grammar) {
                bridge_sampler_free(s);
                return BRIDGE_GRAMMAR;
            }
        }
    } catch (...) {
        bridge_sampler_free(s);
        return grammar && *grammar ? BRIDGE_GRAMMAR : BRIDGE_EXCEPTION;
    }
    *out = s;
    return BRIDGE_OK;
}

int32_t bridge_sample(bridge_sampler * s) {
    try {
        const float * logits = bridge_logits(s->b, 0);
        if (!logits) {
            return BRIDGE_NO_OUTPUT;
        }
        auto c = candidates(s, logits);
        if (!any_allowed(c)) {
            return BRIDGE_NO_TOKEN;
        }
        int32_t token = pick(s, c);
        if (s->grammar && token >= 0 && !allowed(s, token)) {
            // The engine aborts the process when a grammar is told a token that it
            // forbids, so an empty choice ends here.
            c = candidates(s, logits);
            if (s->greedy) {
                token = likeliest_allowed(s, c);
            } else {
                llama_sampler_apply(s->grammar, &c);
                token = any_allowed(c) ? pick(s, c) : BRIDGE_NO_TOKEN;
            }
        }
        if (token < 0) {
            return token;
        }
        if (s->grammar) {
            llama_sampler_accept(s->grammar, token);
        }
        llama_sampler_accept(s->chain, token);
        return token;
    } catch (...) {
        return BRIDGE_EXCEPTION;
    }
}

void bridge_sampler_free(bridge_sampler * s) {
    if (!s) {
        return;
    }
    if (s->chain) {
        llama_sampler_free(s->chain);
    }
    if (s->grammar) {
        llama_sampler_free(s->grammar);
    }
    delete s;
}

bool bridge_tensor_type(int32_t kind, int64_t * values, size_t * bytes) {
    if (kind < 0 || kind >= GGML_TYPE_COUNT) {
        return false;
    }
    *values = ggml_blck_size((enum ggml_type) kind);
    *bytes = ggml_type_size((enum ggml_type) kind);
    return *bytes > 0;
}
