import java.lang.reflect.Field;
import java.sql.Driver;
import java.sql.DriverPropertyInfo;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Prints every property of the six JDBC drivers, `driver<TAB>name` a line: what test/support/jdbc-driver-properties.json holds.
 * Run with the drivers on the class path (org.postgresql:postgresql, com.mysql:mysql-connector-j, org.mariadb.jdbc:mariadb-java-client,
 * com.oracle.database.jdbc:ojdbc11, com.microsoft.sqlserver:mssql-jdbc, org.xerial:sqlite-jdbc).
 */
public class DriverProperties {
  private static final String[][] DRIVERS = {
    {"pgjdbc", "org.postgresql.Driver", "jdbc:postgresql://h/d"},
    {"MySQL Connector/J", "com.mysql.cj.jdbc.Driver", "jdbc:mysql://h/d"},
    {"MariaDB Connector/J", "org.mariadb.jdbc.Driver", "jdbc:mariadb://h/d"},
    {"ojdbc", "oracle.jdbc.OracleDriver", "jdbc:oracle:thin:@//h/s"},
    {"mssql-jdbc", "com.microsoft.sqlserver.jdbc.SQLServerDriver", "jdbc:sqlserver://h"},
    {"sqlite-jdbc", "org.sqlite.JDBC", "jdbc:sqlite:x"}
  };

  public static void main(String[] args) throws Exception {
    for (String[] entry : DRIVERS) {
      Driver driver = (Driver) Class.forName(entry[1]).getDeclaredConstructor().newInstance();
      TreeSet<String> names = new TreeSet<>();
      for (DriverPropertyInfo info : driver.getPropertyInfo(entry[2], new Properties())) names.add(info.name);
      if (entry[0].equals("ojdbc")) addConstants(names);
      // Properties of MySQL's X protocol belong to another kind of address.
      names.removeIf(name -> name.startsWith("xdevapi."));
      for (String name : names) System.out.println(entry[0] + "\t" + name);
    }
  }

  /** Oracle's driver lists not all of them. */
  private static void addConstants(TreeSet<String> names) throws Exception {
    for (Field field : Class.forName("oracle.jdbc.OracleConnection").getFields()) {
      String name = field.getName();
      if (name.startsWith("CONNECTION_PROPERTY_") && !name.endsWith("_DEFAULT") && field.getType() == String.class) {
        names.add((String) field.get(null));
      }
    }
  }
}
