// What the implementations and the scheduler share; not visible outside of this target.

#ifndef BELAY_SHA256_INTERNAL_H
#define BELAY_SHA256_INTERNAL_H

#include "CBelayHash.h"

#if defined(__x86_64__)
#define BELAY_SHA256_X86 1
#else
#define BELAY_SHA256_X86 0
#endif

#define BELAY_BLOCK 64
#define BELAY_LANES_MAX 16

/// The round constants of FIPS 180-4, section 4.2.2; aligned for vector loads of four.
extern const uint32_t belay_sha256_k[64];

/// Advances the first `active` lanes by `blocks` blocks each.
///
/// `data` always has as many readable pointers as the engine has lanes: idle lanes repeat an active one, and
/// what they compute is thrown away. An engine may use `active` to do less work.
typedef void belay_compress(uint32_t *state, const uint8_t *const *data, size_t active, size_t blocks);

belay_compress belay_sha256_compress_portable;
#if BELAY_SHA256_X86
belay_compress belay_sha256_compress_shani;
belay_compress belay_sha256_compress_avx2;
belay_compress belay_sha256_compress_avx512;
#endif

/// One way to hash several buffers side by side.
typedef struct {
    const char *name;
    belay_compress *compress;
    /// How many buffers advance together.
    size_t lanes;
    /// Word `w` of lane `l` is `state[w * word_stride + l * lane_stride]`.
    size_t word_stride, lane_stride;
} belay_engine;

/// By implementation number. The entries that another architecture lacks are empty and never available.
extern const belay_engine belay_sha256_engines[BELAY_SHA256_IMPLEMENTATION_COUNT];

/// Which engines hash a batch.
typedef struct {
    /// Implementation numbers: `wide` while there are many buffers, `narrow` for the last few.
    uint8_t wide, narrow;
    /// When this many buffers or fewer are left, `narrow` is faster than a half empty `wide`; 0: never.
    uint8_t narrow_at;
} belay_plan;

/// The plan of an available implementation; measures at the first automatic one.
belay_plan belay_sha256_plan(int implementation);

#endif
