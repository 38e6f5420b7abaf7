// The cut search of the chunker with sixty-four windows in the lanes of 512-bit registers.
//
// A Rabin fingerprint is linear over GF(2): what a byte that leaves the window, or the top byte before a shift,
// adds to each byte of the fingerprint is an 8 by 8 bit matrix times that byte. GFNI multiplies 64 bytes by such a
// matrix in one instruction. So 64 stretches of the buffer are searched side by side; a fingerprint lies spread over
// seven registers ("planes"), plane k with byte k of all 64. No table is read, and no step waits for memory.
//
// Fingerprints have 53 bits and are kept moved left by three, so that the byte that a shift pushes out is plane 6.

#include "CBelayHash.h"
#include "sha256_internal.h"

#define WINDOW 64
#define LANES 64
#define PLANES BELAY_CUT_PLANES

#if BELAY_SHA256_X86

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,gfni")))

int belay_cut_available(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("gfni");
}

/// Matrices and mask as registers.
typedef struct {
    __m512i top[PLANES], out[PLANES], in[2], mask[3];
} constants;

/// Reads 64 bytes of each of 64 stretches, `distance` apart, and transposes them: column j gets byte j of all.
///
/// Byte s of a column belongs to stretch s.
TARGET static inline void load_columns(const uint8_t *first, size_t distance, __m512i *columns) {
    __m512i parts[4][16];
    for (int group = 0; group < 4; group++) {
        const uint8_t *base = first + (size_t)group * 16 * distance;
        __m512i a[16], b[16];
        for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_si512((const void *)(base + (size_t)i * distance));
        // Interleaving row i with row i + 8 rotates the eight bits of (row, byte in quarter) by one; four times
        // swap row and byte.
        for (int i = 0; i < 8; i++) {
            b[2 * i] = _mm512_unpacklo_epi8(a[i], a[i + 8]);
            b[2 * i + 1] = _mm512_unpackhi_epi8(a[i], a[i + 8]);
        }
        for (int i = 0; i < 8; i++) {
            a[2 * i] = _mm512_unpacklo_epi8(b[i], b[i + 8]);
            a[2 * i + 1] = _mm512_unpackhi_epi8(b[i], b[i + 8]);
        }
        for (int i = 0; i < 8; i++) {
            b[2 * i] = _mm512_unpacklo_epi8(a[i], a[i + 8]);
            b[2 * i + 1] = _mm512_unpackhi_epi8(a[i], a[i + 8]);
        }
        for (int i = 0; i < 8; i++) {
            parts[group][2 * i] = _mm512_unpacklo_epi8(b[i], b[i + 8]);
            parts[group][2 * i + 1] = _mm512_unpackhi_epi8(b[i], b[i + 8]);
        }
    }
    // Quarter q of parts[g][r] has byte 16 q + r of the sixteen stretches of group g: 4 by 4 of whole quarters.
    for (int r = 0; r < 16; r++) {
        __m512i low01 = _mm512_shuffle_i32x4(parts[0][r], parts[1][r], 0x44);
        __m512i high01 = _mm512_shuffle_i32x4(parts[0][r], parts[1][r], 0xEE);
        __m512i low23 = _mm512_shuffle_i32x4(parts[2][r], parts[3][r], 0x44);
        __m512i high23 = _mm512_shuffle_i32x4(parts[2][r], parts[3][r], 0xEE);
        columns[r] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        columns[16 + r] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
        columns[32 + r] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        columns[48 + r] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
    }
}

#define MULTIPLY(x, matrix) _mm512_gf2p8affine_epi64_epi8(x, matrix, 0)
#define XOR3(x, y, z) _mm512_ternarylogic_epi64(x, y, z, 0x96)

/// Takes a byte into each window; `planes` are the fingerprints before and after.
TARGET static inline void enter(const constants *c, __m512i *planes, __m512i in) {
    __m512i top = planes[6];
    for (int k = PLANES - 1; k > 0; k--) planes[k] = _mm512_xor_si512(planes[k - 1], MULTIPLY(top, c->top[k]));
    planes[0] = _mm512_xor_si512(MULTIPLY(top, c->top[0]), MULTIPLY(in, c->in[0]));
    planes[1] = _mm512_xor_si512(planes[1], MULTIPLY(in, c->in[1]));
}

/// Takes a byte into each window, and the oldest out.
TARGET static inline void roll(const constants *c, __m512i *planes, __m512i in, __m512i out) {
    __m512i top = planes[6];
    for (int k = PLANES - 1; k > 0; k--) {
        planes[k] = XOR3(planes[k - 1], MULTIPLY(top, c->top[k]), MULTIPLY(out, c->out[k]));
    }
    planes[0] = XOR3(MULTIPLY(top, c->top[0]), MULTIPLY(out, c->out[0]), MULTIPLY(in, c->in[0]));
    planes[1] = _mm512_xor_si512(planes[1], MULTIPLY(in, c->in[1]));
}

/// Which fingerprints have zeros wherever the mask has ones.
TARGET static inline __mmask64 hits(const constants *c, const __m512i *planes) {
    // (x & mask) | ..., one operation each.
    __m512i bits = _mm512_and_si512(planes[0], c->mask[0]);
    bits = _mm512_ternarylogic_epi64(bits, planes[1], c->mask[1], 0xF8);
    bits = _mm512_ternarylogic_epi64(bits, planes[2], c->mask[2], 0xF8);
    return _mm512_testn_epi8_mask(bits, bits);
}

TARGET size_t belay_cut_search(const uint8_t *bytes, size_t start, size_t stretch, const belay_cut_tables *tables) {
    constants c;
    for (int k = 0; k < PLANES; k++) {
        c.top[k] = _mm512_set1_epi64((long long)tables->top[k]);
        c.out[k] = _mm512_set1_epi64((long long)tables->out[k]);
    }
    for (int k = 0; k < 2; k++) c.in[k] = _mm512_set1_epi64((long long)tables->in[k]);
    for (int k = 0; k < 3; k++) c.mask[k] = _mm512_set1_epi8((char)tables->mask[k]);

    __m512i columns[2][WINDOW];
    __m512i planes[PLANES];
    for (int k = 0; k < PLANES; k++) planes[k] = _mm512_setzero_si512();
    const uint8_t *first = bytes + start;
    load_columns(first - WINDOW, stretch, columns[0]);
    for (int j = 0; j < WINDOW; j++) enter(&c, planes, columns[0][j]);

    size_t best = SIZE_MAX;
    __mmask64 earlier = ~(__mmask64)0; // Stretches before the earliest that has a hit, and those without.
    for (size_t offset = 0; offset < stretch; offset += WINDOW) {
        const __m512i *out = columns[(offset / WINDOW) & 1];
        __m512i *in = columns[(offset / WINDOW + 1) & 1];
        load_columns(first + offset, stretch, in);
        for (size_t j = 0; j < WINDOW; j++) {
            __mmask64 found = hits(&c, planes) & earlier;
            if (__builtin_expect(found != 0, 0)) {
                unsigned lane = (unsigned)__builtin_ctzll(found);
                best = start + lane * stretch + offset + j;
                if (lane == 0) return best;
                earlier = ((__mmask64)1 << lane) - 1;
            }
            roll(&c, planes, in[j], out[j]);
        }
    }
    return best == SIZE_MAX ? 0 : best;
}

#else

int belay_cut_available(void) { return 0; }

size_t belay_cut_search(const uint8_t *bytes, size_t start, size_t stretch, const belay_cut_tables *tables) {
    (void)bytes, (void)start, (void)stretch, (void)tables;
    return 0;
}

#endif
