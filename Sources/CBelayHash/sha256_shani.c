// SHA-256 with the SHA extensions, two buffers interleaved.
//
// SHA256RNDS2 does two rounds, but has to wait for the one before; a second stream fills the wait. The
// instructions are described in Intel's Software Developer's Manual, volume 2: the state is held as the words
// ABEF and CDGH of two registers, most significant first.

#include "sha256_internal.h"

#if BELAY_SHA256_X86

#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1")))

/// What one buffer needs in registers.
typedef struct {
    __m128i abef, cdgh;
} pair;

TARGET static inline pair load_state(const uint32_t *state) {
    __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    return (pair){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

TARGET static inline void store_state(uint32_t *state, pair s) {
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B), dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

TARGET static inline __m128i load_words(const uint8_t *bytes) {
    const __m128i big_endian = _mm_set_epi32(0x0C0D0E0F, 0x08090A0B, 0x04050607, 0x00010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), big_endian);
}

// Four rounds with the schedule words `w`; the constants serve both streams.
#define FOUR_ROUNDS(s, w, k)                                    \
    do {                                                        \
        __m128i sum = _mm_add_epi32(w, k);                      \
        s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sum);    \
        sum = _mm_shuffle_epi32(sum, 0x0E);                     \
        s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, sum);    \
    } while (0)

// Replaces four schedule words by those of sixteen rounds later.
#define EXTEND(w0, w1, w2, w3)                                                                        \
    w0 = _mm_sha256msg2_epu32(                                                                        \
        _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3)

#define CONSTANTS(i) _mm_load_si128((const __m128i *)(belay_sha256_k + (i)))

TARGET static void compress_one(uint32_t *state, const uint8_t *x, size_t blocks) {
    pair s = load_state(state);
    for (; blocks > 0; blocks--, x += BELAY_BLOCK) {
        pair before = s;
        __m128i w0 = load_words(x), w1 = load_words(x + 16), w2 = load_words(x + 32), w3 = load_words(x + 48);
        for (int round = 0;; round += 16) {
            FOUR_ROUNDS(s, w0, CONSTANTS(round));
            FOUR_ROUNDS(s, w1, CONSTANTS(round + 4));
            FOUR_ROUNDS(s, w2, CONSTANTS(round + 8));
            FOUR_ROUNDS(s, w3, CONSTANTS(round + 12));
            if (round == 48) { break; }
            EXTEND(w0, w1, w2, w3);
            EXTEND(w1, w2, w3, w0);
            EXTEND(w2, w3, w0, w1);
            EXTEND(w3, w0, w1, w2);
        }
        s.abef = _mm_add_epi32(s.abef, before.abef);
        s.cdgh = _mm_add_epi32(s.cdgh, before.cdgh);
    }
    store_state(state, s);
}

#define BOTH_ROUNDS(i, k)                       \
    do {                                        \
        const __m128i constants = CONSTANTS(k); \
        FOUR_ROUNDS(s, v##i, constants);        \
        FOUR_ROUNDS(t, w##i, constants);        \
    } while (0)

#define BOTH_EXTEND(i, j, k, l)         \
    do {                                \
        EXTEND(v##i, v##j, v##k, v##l); \
        EXTEND(w##i, w##j, w##k, w##l); \
    } while (0)

TARGET static void compress_two(uint32_t *state, const uint8_t *x, const uint8_t *y, size_t blocks) {
    pair s = load_state(state), t = load_state(state + 8);
    for (; blocks > 0; blocks--, x += BELAY_BLOCK, y += BELAY_BLOCK) {
        pair s_before = s, t_before = t;
        __m128i v0 = load_words(x), v1 = load_words(x + 16), v2 = load_words(x + 32), v3 = load_words(x + 48);
        __m128i w0 = load_words(y), w1 = load_words(y + 16), w2 = load_words(y + 32), w3 = load_words(y + 48);
        for (int round = 0;; round += 16) {
            BOTH_ROUNDS(0, round);
            BOTH_ROUNDS(1, round + 4);
            BOTH_ROUNDS(2, round + 8);
            BOTH_ROUNDS(3, round + 12);
            if (round == 48) { break; }
            BOTH_EXTEND(0, 1, 2, 3);
            BOTH_EXTEND(1, 2, 3, 0);
            BOTH_EXTEND(2, 3, 0, 1);
            BOTH_EXTEND(3, 0, 1, 2);
        }
        s.abef = _mm_add_epi32(s.abef, s_before.abef);
        s.cdgh = _mm_add_epi32(s.cdgh, s_before.cdgh);
        t.abef = _mm_add_epi32(t.abef, t_before.abef);
        t.cdgh = _mm_add_epi32(t.cdgh, t_before.cdgh);
    }
    store_state(state, s);
    store_state(state + 8, t);
}

void belay_sha256_compress_shani(
    uint32_t *state, const uint8_t *const *data, size_t active, size_t blocks) {
    if (active == 1) {
        compress_one(state, data[0], blocks);
    } else {
        compress_two(state, data[0], data[1], blocks);
    }
}

#endif
