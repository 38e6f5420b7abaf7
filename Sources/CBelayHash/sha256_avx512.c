// Sixteen buffers in the lanes of 512-bit registers.
//
// AVX-512 F has rotations and three-operand logic, which halve the work of a round; BW has the byte shuffle.

#include "sha256_internal.h"

#if BELAY_SHA256_X86

#include <immintrin.h>

#define NAME belay_sha256_compress_avx512
#define TARGET __attribute__((target("avx512f,avx512bw")))
#define VECTOR __m512i
#define LANES 16
#define LOAD(p) _mm512_load_si512((const void *)(p))
#define STORE(p, v) _mm512_store_si512((void *)(p), v)
#define BROADCAST(x) _mm512_set1_epi32((int)(x))
#define ADD(x, y) _mm512_add_epi32(x, y)
#define ROTATE(x, n) _mm512_ror_epi32(x, n)
#define SHIFT(x, n) _mm512_srli_epi32(x, n)
// The constant is the truth table: what comes out for the input bits 111, 110, ... 000.
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xCA)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xE8)

/// Reads a block of each lane and transposes: 16 rows of 16 words become 16 vectors of the same word.
TARGET static inline void load_words(const uint8_t *const *data, size_t offset, __m512i *w) {
    const __m512i big_endian = _mm512_set4_epi32(0x0C0D0E0F, 0x08090A0B, 0x04050607, 0x00010203);
    __m512i r[16], t[16];
    for (int i = 0; i < 16; i++) {
        r[i] = _mm512_shuffle_epi8(_mm512_loadu_si512((const void *)(data[i] + offset)), big_endian);
    }
    // First 4 by 4 within each 128-bit quarter, for every group of four rows: t[4g + c] then holds, in quarter
    // q, word 4q + c of rows 4g to 4g + 3.
    for (int g = 0; g < 16; g += 4) {
        __m512i a = _mm512_unpacklo_epi32(r[g], r[g + 1]), b = _mm512_unpackhi_epi32(r[g], r[g + 1]);
        __m512i c = _mm512_unpacklo_epi32(r[g + 2], r[g + 3]), d = _mm512_unpackhi_epi32(r[g + 2], r[g + 3]);
        t[g] = _mm512_unpacklo_epi64(a, c);
        t[g + 1] = _mm512_unpackhi_epi64(a, c);
        t[g + 2] = _mm512_unpacklo_epi64(b, d);
        t[g + 3] = _mm512_unpackhi_epi64(b, d);
    }
    // Then 4 by 4 of whole quarters.
    for (int c = 0; c < 4; c++) {
        __m512i low01 = _mm512_shuffle_i32x4(t[c], t[4 + c], 0x44);
        __m512i high01 = _mm512_shuffle_i32x4(t[c], t[4 + c], 0xEE);
        __m512i low23 = _mm512_shuffle_i32x4(t[8 + c], t[12 + c], 0x44);
        __m512i high23 = _mm512_shuffle_i32x4(t[8 + c], t[12 + c], 0xEE);
        w[c] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        w[4 + c] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
        w[8 + c] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        w[12 + c] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
    }
}

#include "sha256_lanes.h"

#endif
