package laba.examples.seckill;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class SeckillApplication {
  public static void main(String[] args) {
    SpringApplication.run(SeckillApplication.class, args);
  }
}
