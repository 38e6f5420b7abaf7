// Keeps the lanes of an engine full: a lane that finishes its buffer gets the next one at once.
//
// Long buffers go first, so that at the end only short ones are left to run out of step. The padding of a
// buffer (FIPS 180-4, section 5.1.1) is one or two blocks of its own, hashed in the lane like any others.

#include "sha256_internal.h"

#include <string.h>

// Buffers are put in order this many at a time; the order lies on the stack.
#define WINDOW 4096

// Four classes of length for every power of two of blocks.
#define CLASSES 256

/// A buffer that is being hashed.
typedef struct {
    const uint8_t *data;
    /// Whole blocks left at `data`.
    size_t blocks;
    /// Blocks in `tail` that follow: 1 or 2, and 0 once `data` is the tail.
    size_t tail_blocks;
    /// Where its digest goes.
    size_t index;
    uint8_t tail[2 * BELAY_BLOCK];
    /// The state, while the job is in no lane.
    uint32_t state[8];
} job;

/// What is to be hashed.
typedef struct {
    /// Either pointers, or a base and offsets.
    const uint8_t *const *inputs;
    const uint8_t *base;
    const size_t *offsets;
    const size_t *lengths;
    uint8_t (*digests)[32];
    /// The inputs of the current window, longest first, counted from `first`; `order[next..<end]` are to come.
    size_t first, next, end;
    uint16_t order[WINDOW];
    /// Jobs that one engine left to another.
    job *suspended[BELAY_LANES_MAX];
    size_t suspended_count;
    job jobs[BELAY_LANES_MAX];
} batch;

/// An engine at work; lanes `0..<active` are busy.
typedef struct {
    _Alignas(64) uint32_t state[8 * BELAY_LANES_MAX];
    const belay_engine *engine;
    job *jobs[BELAY_LANES_MAX];
    size_t active;
} lanes;

// FIPS 180-4, section 5.3.3.
static const uint32_t initial_state[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static void set_state(lanes *l, size_t lane, const uint32_t state[8]) {
    uint32_t *words = l->state + lane * l->engine->lane_stride;
    for (size_t i = 0; i < 8; i++) { words[i * l->engine->word_stride] = state[i]; }
}

static void get_state(const lanes *l, size_t lane, uint32_t state[8]) {
    const uint32_t *words = l->state + lane * l->engine->lane_stride;
    for (size_t i = 0; i < 8; i++) { state[i] = words[i * l->engine->word_stride]; }
}

static void store_big_endian(uint8_t *target, uint64_t value, size_t bytes) {
    for (size_t i = bytes; i > 0; i--, value >>= 8) { target[i - 1] = (uint8_t)value; }
}

/// Goes on to the padding when the whole blocks are done. False: so is the padding.
static int has_blocks(job *j) {
    if (j->blocks == 0) {
        j->data = j->tail;
        j->blocks = j->tail_blocks;
        j->tail_blocks = 0;
    }
    return j->blocks > 0;
}

static void begin(job *j, const batch *b, size_t index) {
    size_t length = b->lengths[index], rest = length % BELAY_BLOCK;
    // An empty input is not looked at: it may be a null pointer, to which nothing may be added.
    j->data = length == 0 ? NULL : b->inputs ? b->inputs[index] : b->base + b->offsets[index];
    j->blocks = length / BELAY_BLOCK;
    j->tail_blocks = rest < BELAY_BLOCK - 8 ? 1 : 2;
    j->index = index;
    memset(j->tail, 0, sizeof j->tail);
    if (rest > 0) { memcpy(j->tail, j->data + (length - rest), rest); }
    j->tail[rest] = 0x80;
    store_big_endian(j->tail + j->tail_blocks * BELAY_BLOCK - 8, (uint64_t)length << 3, 8);
    has_blocks(j);
}

/// Puts the next job into `lane`, whose own `spare` job is free. False: there is none.
static int refill(lanes *l, batch *b, size_t lane, job *spare) {
    if (b->next < b->end) {
        begin(spare, b, b->first + b->order[b->next++]);
        set_state(l, lane, initial_state);
        l->jobs[lane] = spare;
    } else if (b->suspended_count > 0) {
        l->jobs[lane] = b->suspended[--b->suspended_count];
        set_state(l, lane, l->jobs[lane]->state);
    } else {
        return 0;
    }
    return 1;
}

/// Writes the digest of the job in `lane`, and finds other work for the lane.
static void finish(lanes *l, batch *b, size_t lane) {
    job *j = l->jobs[lane];
    uint32_t state[8];
    get_state(l, lane, state);
    for (size_t i = 0; i < 8; i++) { store_big_endian(b->digests[j->index] + 4 * i, state[i], 4); }
    if (refill(l, b, lane, j)) { return; }

    // Nothing is left to begin: close the gap, so that the busy lanes stay the first ones.
    size_t last = --l->active;
    if (lane != last) {
        get_state(l, last, state);
        set_state(l, lane, state);
        l->jobs[lane] = l->jobs[last];
    }
}

/// Advances all lanes until the first of them has to change over.
static void advance(lanes *l, batch *b) {
    const uint8_t *data[BELAY_LANES_MAX];
    size_t blocks = SIZE_MAX;
    for (size_t i = 0; i < l->active; i++) {
        data[i] = l->jobs[i]->data;
        if (l->jobs[i]->blocks < blocks) { blocks = l->jobs[i]->blocks; }
    }
    for (size_t i = l->active; i < l->engine->lanes; i++) { data[i] = data[0]; }
    l->engine->compress(l->state, data, l->active, blocks);

    // Downwards, because `finish` may move the last lane, which is advanced already, into the gap.
    for (size_t i = l->active; i > 0; i--) {
        job *j = l->jobs[i - 1];
        j->data += blocks * BELAY_BLOCK;
        j->blocks -= blocks;
        if (!has_blocks(j)) { finish(l, b, i - 1); }
    }
}

/// Hashes with one engine until at most `leave_at` buffers are unfinished, and suspends these.
static void run(batch *b, const belay_engine *engine, size_t leave_at) {
    lanes l;
    // Idle lanes are computed too.
    memset(l.state, 0, sizeof l.state);
    l.engine = engine;
    l.active = 0;
    while (l.active < engine->lanes && refill(&l, b, l.active, &b->jobs[l.active])) { l.active++; }
    while (l.active > leave_at) { advance(&l, b); }
    for (size_t i = 0; i < l.active; i++) {
        get_state(&l, i, l.jobs[i]->state);
        b->suspended[b->suspended_count++] = l.jobs[i];
    }
}

/// A number that is the greater the longer an input is: two bits below its highest, and where that one is.
static size_t length_class(size_t length) {
    size_t blocks = length / BELAY_BLOCK, magnitude = 0;
    while (blocks >= 8) {
        blocks >>= 1;
        magnitude++;
    }
    return magnitude * 4 + blocks;
}

/// Begins a window of `count` inputs: sorts them by their class of length, the longest first.
static void set_window(batch *b, size_t first, size_t count) {
    uint16_t position[CLASSES] = {0};
    b->first = first;
    b->next = 0;
    b->end = count;
    for (size_t i = 0; i < count; i++) { position[length_class(b->lengths[first + i])]++; }
    uint16_t begin = 0;
    for (size_t c = CLASSES; c > 0; c--) {
        uint16_t members = position[c - 1];
        position[c - 1] = begin;
        begin = (uint16_t)(begin + members);
    }
    for (size_t i = 0; i < count; i++) {
        b->order[position[length_class(b->lengths[first + i])]++] = (uint16_t)i;
    }
}

static size_t hash_batch(batch *b, size_t count, int implementation) {
    if (implementation < 0 || implementation >= BELAY_SHA256_IMPLEMENTATION_COUNT
        || !(belay_sha256_available() >> implementation & 1)) {
        return 0;
    }
    belay_plan plan = belay_sha256_plan(implementation);
    b->suspended_count = 0;
    for (size_t first = 0; first < count; first += WINDOW) {
        set_window(b, first, count - first < WINDOW ? count - first : WINDOW);
        run(b, &belay_sha256_engines[plan.wide], plan.narrow_at);
        if (b->suspended_count > 0) { run(b, &belay_sha256_engines[plan.narrow], 0); }
    }
    return count;
}

size_t belay_sha256_many(
    const uint8_t *const *inputs, const size_t *lengths, size_t count, uint8_t (*digests)[32],
    int implementation) {
    batch b;
    b.inputs = inputs;
    b.base = NULL;
    b.offsets = NULL;
    b.lengths = lengths;
    b.digests = digests;
    return hash_batch(&b, count, implementation);
}

size_t belay_sha256_ranges(
    const uint8_t *base, const size_t *offsets, const size_t *lengths, size_t count, uint8_t (*digests)[32],
    int implementation) {
    batch b;
    b.inputs = NULL;
    b.base = base;
    b.offsets = offsets;
    b.lengths = lengths;
    b.digests = digests;
    return hash_batch(&b, count, implementation);
}
