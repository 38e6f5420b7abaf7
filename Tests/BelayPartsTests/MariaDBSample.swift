import BelayTestKit

/// What the tests' database holds.
enum MariaDBSample {
    /// Every kind of thing that a database may hold.
    static let shop = """
        CREATE TABLE item(id INT AUTO_INCREMENT PRIMARY KEY, name TEXT, raw VARBINARY(20), at TIMESTAMP NULL,
          size INT AS (LENGTH(name)) STORED);
        INSERT INTO item(name, raw) SELECT CONCAT('(a),(', seq, '\\n''\\\\'), UNHEX(HEX(seq * 257)) FROM seq_1_to_5000;
        CREATE TABLE part(id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES item(id));
        INSERT INTO part VALUES (1, 1), (2, NULL);
        CREATE TABLE `odd ``na VALUES (me` (`a ``( VALUES` INT COMMENT 'x;\\ny', b GEOMETRY, c JSON);
        INSERT INTO `odd ``na VALUES (me` VALUES (1, POINT(1, 2), '{"k": ";"}');
        CREATE TABLE empty(n INT);
        CREATE TABLE log(text TEXT);
        CREATE SEQUENCE number START WITH 7;
        SELECT NEXTVAL(number);
        CREATE VIEW a_cheap AS SELECT * FROM b_some WHERE id < 10;
        """

    static let code = """
        CREATE TRIGGER shop.noted AFTER INSERT ON shop.part FOR EACH ROW INSERT INTO log VALUES ('INSERT INTO `log` VALUES (1)');
        DELIMITER //
        CREATE PROCEDURE many(IN n INT)
        BEGIN
          -- INSERT INTO `item` VALUES (1);
          INSERT INTO `log` VALUES ('one; two');
        INSERT INTO `log` VALUES ('three');
        END//
        CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2//
        CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO BEGIN DELETE FROM log; END//
        DELIMITER ;
        CREATE VIEW with_function AS SELECT twice(id) AS n FROM item;
        """

    static func fill(_ server: MariaDBServer) throws {
        try server.sql(
            "CREATE VIEW b_some AS SELECT 1 AS id; " + shop.replacing("SELECT NEXTVAL(number);", with: "")
        )
        try server.sql("SELECT NEXTVAL(number); CREATE OR REPLACE VIEW b_some AS SELECT * FROM item;" + code)
    }
}
