// The shops that the demo opens with. Names in both languages; prices in cents. The first shop has the dishes of the
// desk that this one follows.

export interface MenuDish {
  readonly id: string
  readonly zh: string
  readonly en: string
  readonly price: number
}

export interface MenuShop {
  readonly id: string
  readonly zh: string
  readonly en: string
  readonly dishes: readonly MenuDish[]
}

export const demoShops: readonly MenuShop[] = [
  {
    id: "shop1",
    zh: "老王家常菜",
    en: "Wang’s Kitchen",
    dishes: [
      { id: "egg", zh: "煎蛋", en: "Fried egg", price: 300 },
      { id: "rice", zh: "米饭", en: "Rice", price: 100 },
      { id: "tomato", zh: "番茄炒蛋", en: "Tomato and egg", price: 1400 },
      { id: "beef", zh: "土豆烧牛肉", en: "Beef with potatoes", price: 2800 },
      { id: "soup", zh: "酸辣汤", en: "Hot and sour soup", price: 800 },
    ],
  },
  {
    id: "shop2",
    zh: "川味小馆",
    en: "Sichuan Corner",
    dishes: [
      { id: "mapo", zh: "麻婆豆腐", en: "Mapo tofu", price: 1600 },
      { id: "kungpao", zh: "宫保鸡丁", en: "Kung pao chicken", price: 2400 },
      { id: "dandan", zh: "担担面", en: "Dandan noodles", price: 1300 },
      { id: "rice", zh: "米饭", en: "Rice", price: 200 },
    ],
  },
  {
    id: "shop3",
    zh: "甜水铺",
    en: "Sweet Water",
    dishes: [
      { id: "tofu", zh: "豆花", en: "Tofu pudding", price: 900 },
      { id: "mango", zh: "芒果西米露", en: "Mango sago", price: 1500 },
      { id: "tea", zh: "珍珠奶茶", en: "Bubble tea", price: 1200 },
    ],
  },
]
