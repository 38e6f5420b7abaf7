// SHA-256 with one buffer per 32-bit lane: the part that all register widths share.
//
// Included by one source file per instruction set, which first defines
//   NAME                    the function to make
//   TARGET                  the attribute that allows the instructions
//   VECTOR, LANES           the register type, and how many 32-bit lanes it has
//   LOAD(p), STORE(p, v)    aligned access to LANES words
//   BROADCAST(x), ADD(x, y)
//   ROTATE(x, n), SHIFT(x, n)   to the right, by a constant
//   XOR3(x, y, z), CHOOSE(x, y, z), MAJORITY(x, y, z)
//   load_words(data, offset, w) reads one block of every lane: w[i] gets the i-th word of each
// These are macros, not functions, where an instruction wants a constant: without optimization an argument
// of an inlined function is none.

#define LANE_ROUND(a, b, c, d, e, f, g, h, i)                                                              \
    do {                                                                                                   \
        VECTOR t = ADD(                                                                                    \
            ADD(ADD(h, XOR3(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25))), CHOOSE(e, f, g)),                \
            ADD(w[i], BROADCAST(belay_sha256_k[round + i])));                                              \
        d = ADD(d, t);                                                                                     \
        h = ADD(t, ADD(XOR3(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22)), MAJORITY(a, b, c)));              \
    } while (0)

// The word that replaces w[i] for the round sixteen later.
#define LANE_EXTEND(i)                                                                                     \
    do {                                                                                                   \
        VECTOR x = w[(i + 1) & 15], y = w[(i + 14) & 15];                                                  \
        w[i] = ADD(                                                                                        \
            ADD(w[i], XOR3(ROTATE(x, 7), ROTATE(x, 18), SHIFT(x, 3))),                                     \
            ADD(w[(i + 9) & 15], XOR3(ROTATE(y, 17), ROTATE(y, 19), SHIFT(y, 10))));                       \
    } while (0)

#define LANE_EIGHT_ROUNDS(STEP, i)                               \
    do {                                                         \
        STEP(i); LANE_ROUND(a, b, c, d, e, f, g, h, i);          \
        STEP(i + 1); LANE_ROUND(h, a, b, c, d, e, f, g, i + 1);  \
        STEP(i + 2); LANE_ROUND(g, h, a, b, c, d, e, f, i + 2);  \
        STEP(i + 3); LANE_ROUND(f, g, h, a, b, c, d, e, i + 3);  \
        STEP(i + 4); LANE_ROUND(e, f, g, h, a, b, c, d, i + 4);  \
        STEP(i + 5); LANE_ROUND(d, e, f, g, h, a, b, c, i + 5);  \
        STEP(i + 6); LANE_ROUND(c, d, e, f, g, h, a, b, i + 6);  \
        STEP(i + 7); LANE_ROUND(b, c, d, e, f, g, h, a, i + 7);  \
    } while (0)

#define LANE_AS_IS(i) ((void)0)

TARGET void NAME(uint32_t *state, const uint8_t *const *data, size_t active, size_t blocks) {
    // A step costs the same with idle lanes; the scheduler leaves before too many of them are.
    (void)active;
    VECTOR s[8];
    for (int i = 0; i < 8; i++) { s[i] = LOAD(state + i * LANES); }

    for (size_t block = 0; block < blocks; block++) {
        VECTOR w[16];
        load_words(data, block * BELAY_BLOCK, w);
        VECTOR a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        int round = 0;
        LANE_EIGHT_ROUNDS(LANE_AS_IS, 0);
        LANE_EIGHT_ROUNDS(LANE_AS_IS, 8);
        for (round = 16; round < 64; round += 16) {
            LANE_EIGHT_ROUNDS(LANE_EXTEND, 0);
            LANE_EIGHT_ROUNDS(LANE_EXTEND, 8);
        }
        s[0] = ADD(s[0], a);
        s[1] = ADD(s[1], b);
        s[2] = ADD(s[2], c);
        s[3] = ADD(s[3], d);
        s[4] = ADD(s[4], e);
        s[5] = ADD(s[5], f);
        s[6] = ADD(s[6], g);
        s[7] = ADD(s[7], h);
    }

    for (int i = 0; i < 8; i++) { STORE(state + i * LANES, s[i]); }
}
