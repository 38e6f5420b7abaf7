// Eight buffers in the lanes of 256-bit registers.

#include "sha256_internal.h"

#if BELAY_SHA256_X86

#include <immintrin.h>

#define NAME belay_sha256_compress_avx2
#define TARGET __attribute__((target("avx2")))
#define VECTOR __m256i
#define LANES 8
#define LOAD(p) _mm256_load_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_store_si256((__m256i *)(p), v)
#define BROADCAST(x) _mm256_set1_epi32((int)(x))
#define ADD(x, y) _mm256_add_epi32(x, y)
#define SHIFT(x, n) _mm256_srli_epi32(x, n)
#define ROTATE(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define XOR3(x, y, z) _mm256_xor_si256(_mm256_xor_si256(x, y), z)
#define CHOOSE(x, y, z) _mm256_xor_si256(_mm256_and_si256(x, _mm256_xor_si256(y, z)), z)
#define MAJORITY(x, y, z) \
    _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))

/// Reads half a block of each lane and transposes: 8 rows of 8 words become 8 vectors of the same word.
TARGET static inline void load_half(const uint8_t *const *data, size_t offset, __m256i *w) {
    const __m256i big_endian = _mm256_setr_epi32(
        0x00010203, 0x04050607, 0x08090A0B, 0x0C0D0E0F, 0x00010203, 0x04050607, 0x08090A0B, 0x0C0D0E0F);
    __m256i r[8], t[8];
    for (int i = 0; i < 8; i++) {
        r[i] = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(data[i] + offset)), big_endian);
    }
    // First 4 by 4 within each 128-bit half: t[4g + c] then holds, in half q, word 4q + c of rows 4g to 4g + 3.
    for (int g = 0; g < 8; g += 4) {
        __m256i a = _mm256_unpacklo_epi32(r[g], r[g + 1]), b = _mm256_unpackhi_epi32(r[g], r[g + 1]);
        __m256i c = _mm256_unpacklo_epi32(r[g + 2], r[g + 3]), d = _mm256_unpackhi_epi32(r[g + 2], r[g + 3]);
        t[g] = _mm256_unpacklo_epi64(a, c);
        t[g + 1] = _mm256_unpackhi_epi64(a, c);
        t[g + 2] = _mm256_unpacklo_epi64(b, d);
        t[g + 3] = _mm256_unpackhi_epi64(b, d);
    }
    // Then 2 by 2 of whole halves.
    for (int c = 0; c < 4; c++) {
        w[c] = _mm256_permute2x128_si256(t[c], t[4 + c], 0x20);
        w[4 + c] = _mm256_permute2x128_si256(t[c], t[4 + c], 0x31);
    }
}

TARGET static inline void load_words(const uint8_t *const *data, size_t offset, __m256i *w) {
    load_half(data, offset, w);
    load_half(data, offset + 32, w + 8);
}

#include "sha256_lanes.h"

#endif
