import BelayTestKit

/// What the tests' server holds.
enum RedisSample {
    /// A key of every kind of value, in both of its layouts where there are two, in three logical databases.
    static func fill(_ server: RedisServer) throws {
        let long = String(repeating: "abcdefgh", count: 40)
        var lines = [
            "SET plain text", "SET number 12345", "SET small -7", "SET \(long) \(long)", "SET gone 1 PX 1",
            "SET later 1 PXAT 4102444800000", "APPEND binary \"\\x00\\xff\\r\\n\"",
            "RPUSH list a b 1 \(long)", "SADD numbers 1 2 70000", "SADD words a b c",
            "HSET map a 1 b \(long)",
            "ZADD ranks 1.5 a 2 b", "SETBIT bits 100000 1", "PFADD distinct a b c",
            "GEOADD places 13.4 52.5 berlin",
            "XADD stream 1-1 a 1", "XADD stream 2-1 b 2", "XADD stream 3-1 c 3",
            "XGROUP CREATE stream readers 0", "XREADGROUP GROUP readers ada COUNT 2 STREAMS stream >",
            "XGROUP CREATE stream others $", "XDEL stream 2-1",
        ]
        for number in 0..<700 {
            lines += [
                "RPUSH longlist \(number)-\(long)", "SADD many member\(number)",
                "HSET wide field\(number) \(number)",
                "ZADD scores \(number).25 member\(number)", "SET key:\(number) \(number)",
            ]
        }
        lines += [
            "FUNCTION LOAD \"#!lua name=mine\\nredis.register_function('f', function() return 1 end)\"",
            "SELECT 3", "SET other 1", "SELECT 9", "SET a 1", "SET b 2",
        ]
        try server.run(lines.joined(separator: "\n"))
    }
}
